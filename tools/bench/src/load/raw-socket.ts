import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { FrameReader } from './frame-reader';

/** RFC 6455, 5.2. */
const FIN = 0x80;
const MASKED = 0x80;
const TEXT = 1;
const BINARY = 2;
const LENGTH_16 = 126;
const HEAD_END = '\r\n\r\n';

/** All sockets of the process read into one buffer, one after the other. */
const readBuffer = Buffer.allocUnsafe(1 << 18);

/**
 * A WebSocket client that costs its process next to nothing: it counts messages and bytes, and looks into them only when
 * somebody listens. Hundreds of `ws` clients would take the CPU that the server is to be measured on.
 */
export class RawSocket {
  private readonly reader = new FrameReader();
  private head: string | undefined = '';

  private constructor(private readonly socket: Socket) {}

  /** @param url `ws://host:port/path` */
  static async open(url: string, protocol?: string): Promise<RawSocket> {
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: { buffer: readBuffer, callback: (length, buffer) => raw.take(buffer, length) },
    });
    const raw: RawSocket = new RawSocket(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const key = randomBytes(16).toString('base64');
    const offer = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${offer}\r\n`,
    );
    await raw.until(() => raw.head === undefined);
    return raw;
  }

  /** Messages that came. */
  get messages(): number {
    return this.reader.messages;
  }

  /** Bytes of them, without the heads of their frames. */
  get bytes(): number {
    return this.reader.bytes;
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  /** Hands over every message from now on; undefined: only counts again. */
  listen(listener: ((message: Buffer) => void) | undefined): void {
    this.reader.onMessage = listener;
  }

  /** Resolves with the first message from now on that is as asked. */
  next(isIt: (message: Buffer) => boolean): Promise<Buffer> {
    return new Promise((resolve) => {
      this.listen((message) => {
        if (!isIt(message)) return;
        this.listen(undefined);
        resolve(message);
      });
    });
  }

  /** With a mask of zeros: a client has to mask, and nobody is here to protect against himself. */
  send(data: Uint8Array | string): void {
    const payload = Buffer.from(data);
    const { length } = payload;
    if (length > 0xffff) throw new RangeError(`a message of ${length} bytes`);
    const head = Buffer.alloc(length < LENGTH_16 ? 6 : 8);
    head[0] = FIN | (typeof data === 'string' ? TEXT : BINARY);
    head[1] = MASKED | Math.min(length, LENGTH_16);
    if (length >= LENGTH_16) head.writeUInt16BE(length, 2);
    this.socket.write(Buffer.concat([head, payload]));
  }

  close(): void {
    this.socket.destroy();
  }

  private take(buffer: Uint8Array, length: number): boolean {
    const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
    if (this.head === undefined) this.reader.take(chunk);
    else this.takeHead(chunk);
    return true;
  }

  private takeHead(chunk: Buffer): void {
    const seen = (this.head ?? '').length;
    const head = (this.head ?? '') + chunk.toString('latin1');
    const end = head.indexOf(HEAD_END);
    this.head = head;
    if (end < 0) return;
    if (!head.startsWith('HTTP/1.1 101 ')) {
      this.socket.destroy(new Error(head.slice(0, end)));
      return;
    }
    this.head = undefined;
    this.reader.take(chunk.subarray(end + HEAD_END.length - seen));
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.socket.destroyed) throw new Error(`no WebSocket: ${this.head ?? ''}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** A few at a time: a server's backlog is bounded. */
export async function openAll(url: string, count: number): Promise<RawSocket[]> {
  const sockets: RawSocket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(50, count - sockets.length) }, () => RawSocket.open(url));
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}
