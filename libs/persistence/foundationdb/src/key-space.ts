import type { KvKey } from '@state-server/persistence-records';

/** A part of a directory's path: what can be typed and read back everywhere. */
const PART = /^[A-Za-z0-9._-]{1,64}$/;
const MAX_PARTS = 8;

/**
 * The keys of one store: those of the record layer behind a prefix, the directory's path as a tuple of texts (as every
 * binding of FoundationDB writes it: 02, the text, 00). Stores of several environments share a cluster in that way.
 */
export class KeySpace {
  readonly prefix: Buffer;
  /** Behind every record's key (none begins with FF), never written and never guarded. */
  readonly fence: Buffer;

  /** @param directory `state-server/production`. Throws TypeError where it is no such path. */
  constructor(readonly directory: string) {
    const parts = directory.split('/');
    if (parts.length > MAX_PARTS || !parts.every((part) => PART.test(part)))
      throw new TypeError(
        `${JSON.stringify(directory)} is no directory: 1 to ${MAX_PARTS} parts of letters, digits, dots, hyphens and underscores with / between them`,
      );
    this.prefix = Buffer.from(parts.map((part) => `\x02${part}\x00`).join(''), 'latin1');
    this.fence = Buffer.concat([this.prefix, Buffer.of(0xff)]);
  }

  toBytes(key: KvKey): Buffer {
    const bytes = Buffer.allocUnsafe(this.prefix.byteLength + key.length);
    this.prefix.copy(bytes);
    bytes.write(key, this.prefix.byteLength, 'latin1');
    return bytes;
  }

  toKey(bytes: Buffer): KvKey {
    return bytes.toString('latin1', this.prefix.byteLength);
  }
}
