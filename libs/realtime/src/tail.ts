import type { Entry } from './shared-frame';

/** The newest entries of one brane, gapless, bounded in number and bytes: spares most joins and catch-ups the log. */
export class Tail {
  private entries: Entry[] = [];
  private bytes = 0;
  /** Where the kept ones start in `entries`; those before are cut off when they are more than these. */
  private start = 0;

  constructor(
    private readonly maxEntries: number,
    private readonly maxBytes: number,
  ) {}

  push(entry: Entry): void {
    this.entries.push(entry);
    this.bytes += entry.cbor.byteLength;
    while (this.entries.length - this.start > this.maxEntries || this.bytes > this.maxBytes) {
      const oldest = this.entries[this.start];
      if (!oldest) break;
      this.bytes -= oldest.cbor.byteLength;
      this.start += 1;
    }
    if (this.start * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.start);
      this.start = 0;
    }
  }

  /** All entries above `seq`, or undefined when the first of them is not kept any more. */
  after(seq: number): readonly Entry[] | undefined {
    const first = this.entries[this.start];
    if (!first || seq + 1 < first.seq) return undefined;
    return this.entries.slice(this.start + (seq + 1 - first.seq));
  }

  clear(): void {
    this.entries = [];
    this.bytes = 0;
    this.start = 0;
  }
}
