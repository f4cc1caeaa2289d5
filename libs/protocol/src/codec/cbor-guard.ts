import { DEFAULT_MAX_DEPTH, DEFAULT_MAX_ITEMS, DecodeError, type DecodeOptions } from './decode-error';
import { KeyLedger } from './key-ledger';
import { utf8ErrorAt } from './utf8';

/** RFC 8746: an array of float32, little endian. The only tag that is let through. */
const TAG_FLOAT32_LE = 85;
const TAG_BIGNUM = 2;
const TAG_NEGATIVE_BIGNUM = 3;

/** What a pass over one item found out. */
export interface Inspected {
  /** Offset after the item. */
  readonly end: number;
  /** True when a 64-bit integer occurs: cbor-x answers those with bigint. */
  readonly wide: boolean;
}

/**
 * One linear pass over one CBOR item (RFC 8949), before cbor-x sees it: cbor-x takes duplicate keys and bad UTF-8,
 * builds objects from tags and needs 39 s for a bignum of 256 KiB. Throws a DecodeError; makes nothing of the bytes.
 */
export function inspectCbor(bytes: Uint8Array, start: number, options: DecodeOptions = {}): Inspected {
  const guard = new CborGuard(bytes, start, options);
  guard.item(options.maxDepth ?? DEFAULT_MAX_DEPTH);
  return { end: guard.position, wide: guard.wide };
}

class CborGuard {
  position: number;
  wide = false;
  private itemsLeft: number;
  private readonly int64: boolean;
  private readonly end: number;
  private readonly keys: KeyLedger;

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
    options: DecodeOptions,
  ) {
    this.position = start;
    this.end = bytes.length;
    this.itemsLeft = options.maxItems ?? DEFAULT_MAX_ITEMS;
    this.int64 = options.integers === 'int64';
    this.keys = new KeyLedger(bytes);
  }

  /** `depth`: how many more maps and arrays may open. */
  item(depth: number): void {
    if (--this.itemsLeft < 0) throw this.error('too_many_items', 'too many items');
    const initial = this.initialByte();
    switch (initial >> 5) {
      case 0:
      case 1:
        this.integer(initial);
        break;
      case 2:
        this.skip(this.lengthOf(initial));
        break;
      case 3:
        this.text(this.lengthOf(initial));
        break;
      case 4:
        this.array(initial, depth);
        break;
      case 5:
        this.map(initial, depth);
        break;
      case 6:
        this.tag(initial);
        break;
      default:
        this.simple(initial);
    }
  }

  private initialByte(): number {
    const byte = this.bytes[this.position];
    if (byte === undefined) throw this.error('truncated', 'the input ends where an item should begin');
    this.position += 1;
    return byte;
  }

  /** The argument of an item's head, below 2^53; a larger one is answered as Infinity. */
  private argument(initial: number): number {
    const info = initial & 0x1f;
    if (info < 24) return info;
    if (info === 31) throw this.error('indefinite_length', 'indefinite lengths are not taken');
    if (info > 27) throw this.error('reserved', 'reserved additional information');
    const width = 1 << (info - 24);
    if (this.end - this.position < width) throw this.error('truncated', 'the input ends within an item');
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + (this.bytes[this.position + i] ?? 0);
    this.position += width;
    return value > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : value;
  }

  /** Of a string: so many bytes follow. cbor-x loses its place at a string whose length takes 64 bits; none needs them. */
  private lengthOf(initial: number): number {
    const length = this.argument(initial);
    if (length > this.end - this.position) throw this.error('truncated', 'a length goes past the input');
    if ((initial & 0x1f) === 27)
      throw this.error('wide_length', 'lengths of strings are written in 32 bits at most');
    return length;
  }

  private integer(initial: number): void {
    const at = this.position;
    const value = this.argument(initial);
    if ((initial & 0x1f) !== 27) return;
    this.wide = true;
    // −1 − argument: of the negative numbers, the argument 2^53 − 1 is one too many.
    if (value < Number.MAX_SAFE_INTEGER || (value === Number.MAX_SAFE_INTEGER && initial >> 5 === 0)) return;
    const beyondInt64 = ((this.bytes[at] ?? 0) & 0x80) !== 0;
    if (!this.int64 || beyondInt64) {
      throw this.error(
        'integer_too_large',
        this.int64 ? 'integer beyond 64 bits' : 'integer beyond 2^53 − 1',
        at,
      );
    }
  }

  private text(length: number): void {
    const bad = utf8ErrorAt(this.bytes, this.position, this.position + length);
    if (bad >= 0) throw this.error('bad_text', 'text is not valid UTF-8', bad);
    this.position += length;
  }

  private skip(length: number): void {
    this.position += length;
  }

  private array(initial: number, depth: number): void {
    const count = this.count(initial, 1, depth);
    for (let i = 0; i < count; i++) this.item(depth - 1);
  }

  private map(initial: number, depth: number): void {
    const count = this.count(initial, 2, depth);
    const mark = this.keys.open();
    for (let i = 0; i < count; i++) {
      this.key(mark, count);
      this.item(depth - 1);
    }
    this.keys.close(mark);
  }

  /** Each element takes at least `bytesEach`, so a count that the rest cannot hold is refused before it is believed. */
  private count(initial: number, bytesEach: number, depth: number): number {
    if (depth <= 0) throw this.error('too_deep', 'nested too deeply');
    const count = this.argument(initial);
    if (count * bytesEach > this.end - this.position)
      throw this.error('truncated', 'a count goes past the input');
    return count;
  }

  private key(mark: number, count: number): void {
    if (--this.itemsLeft < 0) throw this.error('too_many_items', 'too many items');
    const initial = this.initialByte();
    if (initial >> 5 !== 3) throw this.error('key_not_text', 'map keys must be text', this.position - 1);
    const length = this.lengthOf(initial);
    const at = this.position;
    this.text(length);
    const verdict = this.keys.add(mark, at, length, count);
    if (verdict === 'duplicate') throw this.error('duplicate_key', 'a map names a key twice', at);
    if (verdict === 'forbidden') throw this.error('forbidden_key', '"__proto__" is not taken as a key', at);
  }

  private tag(initial: number): void {
    const at = this.position - 1;
    const tag = this.argument(initial);
    if (tag === TAG_BIGNUM || tag === TAG_NEGATIVE_BIGNUM)
      throw this.error('bignum', 'bignums are not taken', at);
    if (tag !== TAG_FLOAT32_LE) throw this.error('unknown_tag', `tag ${tag} is not taken`, at);
    const content = this.initialByte();
    if (content >> 5 !== 2) throw this.error('typed_array', 'tag 85 must hold a byte string', at);
    const length = this.lengthOf(content);
    if (length % 4 !== 0) throw this.error('typed_array', 'tag 85 must hold whole float32 numbers', at);
    this.position += length;
  }

  private simple(initial: number): void {
    const info = initial & 0x1f;
    if (info >= 20 && info <= 22) return;
    if (info >= 25 && info <= 27) {
      this.argument(initial);
      return;
    }
    const at = this.position - 1;
    if (info === 23) throw this.error('undefined_value', '"undefined" is not taken: leave the field out', at);
    if (info === 31) throw this.error('indefinite_length', 'a break without a beginning', at);
    if (info > 27) throw this.error('reserved', 'reserved additional information', at);
    throw this.error('simple_value', 'unassigned simple value', at);
  }

  private error(reason: DecodeError['reason'], message: string, offset = this.position): DecodeError {
    return new DecodeError(reason, message, offset);
  }
}
