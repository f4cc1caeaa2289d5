import { asSessionId, asUserId } from '@state-server/domain';
import { encodeFrame, type ServerFrame, splitFrames, type WireFormat } from '@state-server/protocol';
import type { WebSocketLike } from './connection';

/** A WebSocket whose other end is the test. */
export class FakeSocket implements WebSocketLike {
  static all: FakeSocket[] = [];
  binaryType = '';
  readyState = 0;
  sent: (Uint8Array | string)[] = [];
  closedBy: number | undefined;
  onopen: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.all.push(this);
  }

  send(data: Uint8Array | string): void {
    this.sent.push(data);
  }

  close(code?: number): void {
    this.closedBy = code;
  }

  frames(): Record<string, unknown>[] {
    return this.sent.flatMap((message) => splitFrames(message)) as Record<string, unknown>[];
  }

  receive(frame: ServerFrame, format: WireFormat = 'cbor'): void {
    const data = encodeFrame(frame, format);
    this.onmessage?.({ data } as never);
  }

  end(code: number, reason = ''): void {
    this.onclose?.({ code, reason } as never);
  }
}

export const welcome = {
  type: 'session.welcome' as const,
  session_id: asSessionId('00000000-0000-4000-8000-000000000001'),
  user: { id: asUserId('00000000-0000-4000-8000-000000000002'), name: 'Ada' },
  heartbeat_ms: 1_000,
  server_time: '2026-01-01T00:00:00.000Z',
  limits: {},
} satisfies ServerFrame;
