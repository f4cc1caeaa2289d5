import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';
const LENGTH = /content-length: (\d+)/i;

export interface HttpTarget {
  readonly port: number;
  /** Address on this machine that the requests come from. */
  readonly from: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One kept connection that asks for the same thing again as soon as it has its answer. Anything but 200 is an error. */
export class HttpLoad {
  answered = 0;
  /** Of the last answer. */
  body = '';
  private received = '';
  private running = false;
  private failure: Error | undefined;
  private readonly request: string;

  private constructor(
    private readonly socket: Socket,
    { path, headers }: HttpTarget,
  ) {
    const lines = Object.entries({ host: 'bench', ...headers }).map(([name, value]) => `${name}: ${value}`);
    this.request = [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.take(text));
    socket.on('error', (error) => (this.failure ??= error));
    socket.on('close', () => (this.failure ??= new Error('the server closed the connection')));
  }

  static async open(target: HttpTarget): Promise<HttpLoad> {
    const socket = connect({
      host: '127.0.0.1',
      port: target.port,
      localAddress: target.from,
      noDelay: true,
    });
    await once(socket, 'connect');
    return new HttpLoad(socket, target);
  }

  start(): void {
    this.running = true;
    this.socket.write(this.request);
  }

  /** After the answer that is on its way. Throws what went wrong. */
  async stop(): Promise<void> {
    const before = this.answered;
    this.running = false;
    while (!this.failure && this.answered === before) await new Promise((resolve) => setTimeout(resolve, 1));
    if (this.failure) throw this.failure;
  }

  close(): void {
    this.socket.removeAllListeners('close').destroy();
  }

  private take(text: string): void {
    this.received += text;
    const end = this.received.indexOf(HEAD_END);
    if (end < 0) return;
    const length = Number(LENGTH.exec(this.received)?.[1]);
    const all = end + HEAD_END.length + length;
    if (this.received.length < all) return;
    if (!this.received.startsWith('HTTP/1.1 200 ')) this.failure ??= new Error(this.received);
    this.body = this.received.slice(end + HEAD_END.length, all);
    this.received = this.received.slice(all);
    this.answered += 1;
    if (this.running && !this.failure) this.socket.write(this.request);
  }
}
