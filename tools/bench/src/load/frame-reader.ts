/** RFC 6455, 5.2: what stands in the second byte where the length takes 2 or 8 more. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const LENGTH_MASK = 0x7f;
const LONGEST_HEAD = 10;

/** Counts the messages in a stream of unmasked WebSocket frames, each of one frame; collects them only for a listener. */
export class FrameReader {
  messages = 0;
  bytes = 0;
  onMessage: ((message: Buffer) => void) | undefined;
  private readonly head = Buffer.alloc(LONGEST_HEAD);
  private headBytes = 0;
  /** Of the message that is being read. */
  private missing = 0;
  private parts: Buffer[] = [];
  /** Whether the message that is being read is collected: one that nobody listened to from its first byte is not. */
  private collects = false;

  take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.missing > 0 ? this.takeBody(chunk, at) : this.takeHead(chunk, at);
  }

  private takeHead(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      this.head[this.headBytes] = chunk[at] ?? 0;
      this.headBytes += 1;
      at += 1;
      const length = this.length();
      if (length === undefined) continue;
      this.headBytes = 0;
      this.missing = length;
      this.bytes += length;
      this.collects = this.onMessage !== undefined;
      if (length === 0) this.complete();
      break;
    }
    return at;
  }

  /** Of the payload, once the head is complete. */
  private length(): number | undefined {
    if (this.headBytes < 2) return undefined;
    const short = (this.head[1] ?? 0) & LENGTH_MASK;
    if (short < LENGTH_16) return short;
    if (short === LENGTH_16) return this.headBytes < 4 ? undefined : this.head.readUInt16BE(2);
    return short === LENGTH_64 && this.headBytes < LONGEST_HEAD
      ? undefined
      : Number(this.head.readBigUInt64BE(2));
  }

  private takeBody(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.missing);
    if (this.collects) this.parts.push(Buffer.from(chunk.subarray(from, end)));
    this.missing -= end - from;
    if (this.missing === 0) this.complete();
    return end;
  }

  private complete(): void {
    this.messages += 1;
    const { parts, onMessage } = this;
    this.parts = [];
    if (this.collects) onMessage?.(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts));
  }
}
