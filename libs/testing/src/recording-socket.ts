/**
 * The server's side of a connection in memory: records what is sent, and can be made slow.
 * Structurally a `Socket` of libs/realtime.
 */
export class RecordingSocket {
  readonly sent: (Uint8Array | string)[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  /** What the peer has not read yet, in bytes; grows by what is sent while `stalled`. */
  bufferedBytes = 0;
  stalled = false;
  private listeners: (() => void)[] = [];

  send(data: Uint8Array | string): void {
    if (this.closed) return;
    this.sent.push(data);
    if (this.stalled)
      this.bufferedBytes += typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
    for (const listener of this.listeners) listener();
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  /** The peer has read everything. */
  drain(): void {
    this.stalled = false;
    this.bufferedBytes = 0;
  }

  onSend(listener: () => void): void {
    this.listeners.push(listener);
  }
}
