import { bears, type Stamp } from './envelope';
import type { KvKey } from './ordered-kv';
import type { Predecessor } from './pending-writes';

/** Records that are remembered; each takes some hundred bytes. */
const MAX_RECORDS = 8_192;

interface Memo {
  readonly stamp: Stamp;
  readonly predecessor: Predecessor;
}

/**
 * Where the index entries of records stand that this process has replaced before, by the stamp of its write: whoever
 * replaces such a record again need not decode it to find them. What bears another stamp was written by somebody else, and
 * is not remembered. That no two writes share a stamp makes it safe to remember what never gets committed.
 */
export class IndexMemo {
  private readonly memos = new Map<KvKey, Memo>();

  /** What the record under this key, with this stored value, left in the indexes. */
  find(key: KvKey, value: Uint8Array): Predecessor | undefined {
    const memo = this.memos.get(key);
    return memo && bears(value, memo.stamp) ? memo.predecessor : undefined;
  }

  note(key: KvKey, stamp: Stamp, predecessor: Predecessor): void {
    this.memos.delete(key);
    this.memos.set(key, { stamp, predecessor });
    if (this.memos.size <= MAX_RECORDS) return;
    for (const oldest of this.memos.keys()) {
      this.memos.delete(oldest);
      return;
    }
  }
}
