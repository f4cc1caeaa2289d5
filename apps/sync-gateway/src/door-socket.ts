import type { Duplex } from 'node:stream';
import type { Connection, Socket } from '@state-server/realtime';
import type { WebSocket } from 'ws';
import { binaryHead, type SharedFrames } from './server-frame';

/** Bytes from which a copy costs more than a second buffer in the write. */
const LARGE_BYTES = 16_384;

/**
 * The engine's view of one connection. Frames are written past `ws`, straight to the connection that it was upgraded on:
 * what goes to many is framed once, and a write is one buffer instead of two. `ws` answers pings and closes on the same
 * connection; it writes whole frames as well, so the two never mix within one. With an extension (compression) frames
 * would have to be made by `ws`; our door agrees to none.
 */
export class DoorSocket implements Socket {
  /** Told when the network has taken what was buffered. */
  listener: Pick<Connection, 'writable'> | undefined;
  private waits = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly wire: Duplex,
    private readonly frames: SharedFrames,
  ) {
    if (socket.extensions !== '') throw new Error(`unexpected extension: ${socket.extensions}`);
  }

  get bufferedBytes(): number {
    return this.wire.writableLength;
  }

  send(data: Uint8Array | string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const isTaken =
      typeof data === 'string' || data.byteLength < LARGE_BYTES
        ? this.wire.write(this.frames.of(data))
        : this.writeLarge(data);
    if (isTaken || this.waits) return;
    this.waits = true;
    this.wire.once('drain', () => {
      this.waits = false;
      this.listener?.writable();
    });
  }

  /** What is large is not copied behind a head: both go out in one write (writev). */
  private writeLarge(data: Uint8Array): boolean {
    this.wire.cork();
    this.wire.write(binaryHead(data.byteLength));
    const isTaken = this.wire.write(data);
    this.wire.uncork();
    return isTaken;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }
}
