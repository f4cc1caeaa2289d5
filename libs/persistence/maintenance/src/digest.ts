import { createHash, type Hash } from 'node:crypto';
import {
  COLLECTIONS,
  type CollectionName,
  type Documents,
  type Key,
  type Store,
} from '@state-server/persistence-port';
import { pagesOf } from './pages';

/** What a collection holds, whatever store it lies in. */
export interface CollectionDigest {
  readonly documents: number;
  /** Sum of the documents' SHA-256 modulo 2^256, hex: the same for the same documents in any order. */
  readonly sum: string;
}

export interface DigestOptions {
  /** RFC 3339: what has expired before is left out, for a store may have taken it away. */
  readonly aliveAt: string;
  /** Keys that are left out. */
  readonly without?: (key: Key) => boolean;
  readonly onPage?: (documents: number) => void;
}

const MODULUS = 1n << 256n;

/** Reads the whole collection, in snapshots of bounded size: nobody may write to it meanwhile. */
export async function digestCollection(
  store: Store,
  collection: CollectionName,
  options: DigestOptions,
): Promise<CollectionDigest> {
  let documents = 0;
  let sum = 0n;
  for await (const page of pagesOf(store, collection, undefined)) {
    for (const { document, key } of page) {
      if (options.without?.(key) || !isAlive(collection, document, options.aliveAt)) continue;
      documents += 1;
      sum = (sum + digestOf(collection, document).value) % MODULUS;
    }
    options.onPage?.(documents);
  }
  return { documents, sum: sum.toString(16).padStart(64, '0') };
}

function isAlive<Name extends CollectionName>(name: Name, document: Documents[Name], at: string): boolean {
  const spec = COLLECTIONS[name];
  if (!('expires' in spec)) return true;
  const expires = (document as unknown as Readonly<Record<string, unknown>>)[spec.expires];
  return typeof expires !== 'string' || expires > at;
}

export interface DocumentDigest {
  readonly value: bigint;
  /** Of the form that was digested: about what the document takes in a store. */
  readonly bytes: number;
}

/** Of a document as such: the order of fields and absent ones do not count. */
export function digestOf(collection: CollectionName, document: unknown): DocumentDigest {
  const feed = new Feed(createHash('sha256'));
  feed.text(collection);
  feed.value(document);
  return { value: BigInt(`0x${feed.hash.digest('hex')}`), bytes: feed.bytes };
}

class Feed {
  bytes = 0;

  constructor(readonly hash: Hash) {}

  /** Each value with its type and length, so that no two documents look alike. */
  value(value: unknown): void {
    if (ArrayBuffer.isView(value)) {
      this.text(value instanceof Uint8Array ? 'bytes' : value.constructor.name);
      this.raw(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (Array.isArray(value)) {
      this.text(`array ${value.length}`);
      for (const item of value) this.value(item);
    } else if (typeof value === 'object' && value !== null) {
      const fields = Object.entries(value).filter(([, field]) => field !== undefined);
      this.text(`map ${fields.length}`);
      fields.sort(([one], [other]) => (one < other ? -1 : 1));
      for (const [name, field] of fields) {
        this.text(name);
        this.value(field);
      }
    } else if (typeof value === 'string') {
      this.text(`text ${value.length}`);
      this.text(value);
    } else {
      this.text(`${typeof value} ${String(value)}`);
    }
  }

  text(text: string): void {
    this.raw(Buffer.from(text, 'utf8'));
  }

  private raw(bytes: Uint8Array): void {
    this.bytes += bytes.byteLength;
    this.hash.update(`${bytes.byteLength}:`);
    this.hash.update(bytes);
  }
}
