import { once } from 'node:events';
import { encodeCbor, PROTOCOL_VERSION, splitFrames } from '@state-server/protocol';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';

type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** A CBOR connection to a named address without the SDK's help: sends what it is told, keeps every frame that comes. */
export class FrameSocket {
  readonly frames: Frame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: Buffer) => {
      for (const frame of splitFrames(new Uint8Array(data))) this.frames.push(frame as Frame);
    });
    socket.on('close', (code: number, reason: Buffer) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', () => undefined);
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<FrameSocket> {
    const socket = new WebSocket(url, ['state.v1.cbor'], { headers, perMessageDeflate: false });
    const frames = new FrameSocket(socket);
    await once(socket, 'open');
    return frames;
  }

  /** Opens and says hello with the token. */
  static async session(url: string, token: string): Promise<FrameSocket> {
    const frames = await FrameSocket.open(url);
    frames.send({
      type: 'session.hello',
      token,
      client: { name: 'e2e', version: '1', protocol: PROTOCOL_VERSION },
    });
    await frames.next('session.welcome');
    return frames;
  }

  send(frame: Readonly<Record<string, unknown>>): void {
    this.socket.send(encodeCbor(frame));
  }

  /** The first frame of that type, from now or before; it is taken out. */
  next(type: string, timeoutMs = 30_000): Promise<Frame> {
    return until(
      () => {
        const index = this.frames.findIndex((frame) => frame.type === type);
        return index >= 0 && this.frames.splice(index, 1)[0];
      },
      { what: `a frame ${type}`, timeoutMs },
    );
  }

  close(): void {
    this.socket.terminate();
  }
}
