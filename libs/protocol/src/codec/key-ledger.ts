/** Up to so many keys are compared in pairs; more go through a set, so that the pass stays linear. */
const PAIRWISE = 12;

// UTF-8 was checked and a BOM is kept, so text is equal exactly where bytes are.
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });
const PROTO = new Uint8Array([0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f]);

/** The keys seen so far in each open map, as places in the bytes: nothing is decoded for the usual small map. */
export class KeyLedger {
  /** Offset and length in turn; open maps lie behind each other. */
  private readonly spans: number[] = [];
  private readonly sets = new Map<number, Set<string>>();

  constructor(private readonly bytes: Uint8Array) {}

  /** Begins a map; the mark names it until it is closed. */
  open(): number {
    return this.spans.length;
  }

  close(mark: number): void {
    this.spans.length = mark;
    this.sets.delete(mark);
  }

  add(mark: number, at: number, length: number, count: number): 'new' | 'duplicate' | 'forbidden' {
    if (length === PROTO.length && this.equals(at, PROTO, 0, length)) return 'forbidden';
    if (count > PAIRWISE) return this.addToSet(mark, at, length);
    for (let i = mark; i < this.spans.length; i += 2) {
      if (this.spans[i + 1] === length && this.equals(at, this.bytes, this.spans[i] ?? 0, length)) {
        return 'duplicate';
      }
    }
    this.spans.push(at, length);
    return 'new';
  }

  private addToSet(mark: number, at: number, length: number): 'new' | 'duplicate' {
    let set = this.sets.get(mark);
    if (set === undefined) {
      set = new Set();
      this.sets.set(mark, set);
      // A map within this one must get a mark of its own.
      this.spans.push(at, length);
    }
    const key = UTF8.decode(this.bytes.subarray(at, at + length));
    if (set.has(key)) return 'duplicate';
    set.add(key);
    return 'new';
  }

  private equals(at: number, other: Uint8Array, otherAt: number, length: number): boolean {
    for (let i = 0; i < length; i++) {
      if (this.bytes[at + i] !== other[otherAt + i]) return false;
    }
    return true;
  }
}
