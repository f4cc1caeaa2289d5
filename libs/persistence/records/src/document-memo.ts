import { bears, type Stamp, stampOf } from './envelope';
import type { KvKey } from './ordered-kv';

/** Documents that are remembered: at least so many of those used last, at most twice as many. */
const GENERATION = 2_048;
/** A larger one is decoded each time: what all of them together hold must be bounded. */
const MAX_BYTES = 4_096;

type Document = Readonly<Record<string, unknown>>;

interface Memo {
  readonly stamp: Stamp;
  readonly document: Document;
}

/**
 * Decoded documents by the key and the stamp of the value that they were decoded from. The value is read from the
 * snapshot every time, and no two writes share a stamp: what is spared is the decoding, never the look at what is stored.
 * The documents are frozen, because many get the same one.
 */
export class DocumentMemo {
  private young = new Map<KvKey, Memo>();
  private old = new Map<KvKey, Memo>();

  /** The document of this stored value. */
  find(key: KvKey, value: Uint8Array): Document | undefined {
    const young = this.young.get(key);
    const memo = young ?? this.old.get(key);
    if (!memo || !bears(value, memo.stamp)) return undefined;
    if (!young) this.keep(key, memo);
    return memo.document;
  }

  /** Freezes the document, whether it is remembered or not. */
  note(key: KvKey, value: Uint8Array, document: Document): Document {
    freeze(document);
    const stamp = stampOf(value);
    if (stamp && value.byteLength <= MAX_BYTES) this.keep(key, { stamp, document });
    return document;
  }

  private keep(key: KvKey, memo: Memo): void {
    if (this.young.size >= GENERATION && !this.young.has(key)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, memo);
  }
}

/** Bytes and numbers of a typed array cannot be frozen; they are the document's own all the same. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  Object.freeze(value);
  for (const field of Object.values(value)) freeze(field);
}
