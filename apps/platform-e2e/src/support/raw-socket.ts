import { once } from 'node:events';
import { encodeCbor, PROTOCOL_VERSION, splitFrames } from '@state-server/protocol';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { origin } from './platform';

type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** A WebSocket without the SDK's help: sends any bytes, keeps every frame that comes. */
export class RawSocket {
  readonly frames: Frame[] = [];
  closed: { readonly code: number } | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      for (const frame of splitFrames(isBinary ? new Uint8Array(data) : data.toString())) {
        this.frames.push(frame as Frame);
      }
    });
    socket.on('close', (code: number) => (this.closed = { code }));
    socket.on('error', () => undefined);
  }

  static async open(
    format: 'cbor' | 'json' = 'cbor',
    headers: Record<string, string> = {},
  ): Promise<RawSocket> {
    const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/ws`, [`state.v1.${format}`], { headers });
    const raw = new RawSocket(socket);
    await once(socket, 'open');
    return raw;
  }

  /** Opens and says hello with the token. */
  static async session(token: string): Promise<RawSocket> {
    const raw = await RawSocket.open();
    raw.send({
      type: 'session.hello',
      token,
      client: { name: 'e2e', version: '1', protocol: PROTOCOL_VERSION },
    });
    await raw.next('session.welcome');
    return raw;
  }

  send(frame: Record<string, unknown>): void {
    this.socket.send(encodeCbor(frame));
  }

  sendBytes(data: Uint8Array | string): void {
    this.socket.send(data);
  }

  /** The first frame of that type, from now or before; it is taken out. */
  async next(type: string): Promise<Frame> {
    return until(
      () => {
        const index = this.frames.findIndex((frame) => frame.type === type);
        return index >= 0 && this.frames.splice(index, 1)[0];
      },
      { what: `a frame ${type}` },
    );
  }

  /** The connection still answers. */
  async lives(): Promise<boolean> {
    this.send({ type: 'system.ping', id: 'still there' });
    await this.next('system.pong');
    return true;
  }

  close(): void {
    this.socket.terminate();
  }
}
