import { VALUE_HEAD_BYTES, VALUE_TAIL_BYTES } from './envelope';

const UNSIGNED = 0x00;
const NEGATIVE = 0x20;
const BYTES = 0x40;
const TEXT = 0x60;
const ARRAY = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const UNDEFINED = 0xf7;
/** RFC 8746: float32 numbers, little endian. */
const FLOAT32_ARRAY = 85;

/** Bytes that are taken from the system at a time: a commit's documents share them, and LMDB is told one address of them. */
const SLAB_BYTES = 65_536;
/** With less than this left a new slab is begun, rather than a document moved there halfway. */
const LEAST_ROOM_BYTES = 1_024;
/** Characters up to which a loop is faster than the platform's own encoder. */
const SHORT_TEXT = 48;
const UINT32 = 0x1_0000_0000;

/** Thrown at a value that the writer leaves to a more general one; without a stack, for it is no mistake. */
const NOT_PLAIN = new Error('not a plain document');

/**
 * Writes documents as the general encoder does (CBOR, definite lengths, whole numbers within 32 bits as integers, others as
 * floats), but only plain ones: text, numbers, booleans, null, undefined, plain maps, arrays, bytes and Float32Array. Leaves
 * room around each for its envelope, so that it is sealed where it lies.
 */
export class PayloadWriter {
  private slab = Buffer.alloc(0);
  private view = new DataView(this.slab.buffer);
  private start = 0;
  private at = 0;

  /** The document with room for the envelope; undefined for one that is not plain. Nobody else writes to these bytes. */
  encode(document: unknown): Buffer | undefined {
    if (this.slab.length - this.at < LEAST_ROOM_BYTES || this.slab.length > SLAB_BYTES)
      this.begin(SLAB_BYTES);
    this.start = this.at;
    this.at += VALUE_HEAD_BYTES;
    try {
      this.item(document);
    } catch (error) {
      this.at = this.start;
      if (error === NOT_PLAIN) return undefined;
      throw error;
    }
    this.reserve(VALUE_TAIL_BYTES);
    this.at += VALUE_TAIL_BYTES;
    return this.slab.subarray(this.start, this.at);
  }

  private item(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return this.number(value);
      case 'boolean':
        return this.byte(value ? TRUE : FALSE);
      case 'undefined':
        return this.byte(UNDEFINED);
      case 'object':
        return value === null ? this.byte(NULL) : this.composite(value);
      default:
        throw NOT_PLAIN;
    }
  }

  private composite(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null)
      this.map(value as Readonly<Record<string, unknown>>);
    else if (Array.isArray(value)) {
      this.head(ARRAY, value.length);
      for (const element of value as readonly unknown[]) this.item(element);
    } else if (value instanceof Float32Array) this.float32Array(value);
    else if (value instanceof Uint8Array) this.byteString(value);
    else throw NOT_PLAIN;
  }

  /** Walked once: the number of fields is written where it stands as soon as it is known. */
  private map(map: Readonly<Record<string, unknown>>): void {
    this.reserve(1);
    const before = this.at - this.start;
    this.at += 1;
    let fields = 0;
    // Object.prototype has nothing that is enumerable, so these are the map's own fields.
    for (const key in map) {
      this.text(key);
      this.item(map[key]);
      fields += 1;
    }
    // The document may have moved to another slab meanwhile.
    const place = this.start + before;
    if (fields < 24) this.slab[place] = MAP | fields;
    else this.widen(place, fields);
  }

  /** Makes room for a longer head of the map that begins here. */
  private widen(place: number, fields: number): void {
    const more = fields < 0x100 ? 1 : fields < 0x1_0000 ? 2 : 4;
    const before = place - this.start;
    this.reserve(more);
    const head = this.start + before;
    const end = this.at;
    this.slab.copyWithin(head + 1 + more, head + 1, end);
    this.at = head;
    this.head(MAP, fields);
    this.at = end + more;
  }

  private text(text: string): void {
    if (text.length <= SHORT_TEXT && this.asciiText(text)) return;
    const bytes = Buffer.byteLength(text);
    this.head(TEXT, bytes);
    this.reserve(bytes);
    this.at += this.slab.write(text, this.at);
  }

  private asciiText(text: string): boolean {
    const { length } = text;
    this.reserve(length + 2);
    const { slab, at } = this;
    let place = at + (length < 24 ? 1 : 2);
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      slab[place] = code;
      place += 1;
    }
    if (length < 24) slab[at] = TEXT | length;
    else {
      slab[at] = TEXT | 24;
      slab[at + 1] = length;
    }
    this.at = place;
    return true;
  }

  private number(value: number): void {
    if (value >>> 0 === value) return this.head(UNSIGNED, value);
    if ((value | 0) === value) return this.head(NEGATIVE, -1 - value);
    this.reserve(9);
    if (Math.fround(value) === value) {
      this.slab[this.at] = 0xfa;
      this.view.setFloat32(this.at + 1, value);
      this.at += 5;
    } else {
      this.slab[this.at] = 0xfb;
      this.view.setFloat64(this.at + 1, value);
      this.at += 9;
    }
  }

  private byteString(bytes: Uint8Array): void {
    this.head(BYTES, bytes.length);
    this.reserve(bytes.length);
    this.slab.set(bytes, this.at);
    this.at += bytes.length;
  }

  private float32Array(array: Float32Array): void {
    this.head(0xc0, FLOAT32_ARRAY);
    this.head(BYTES, array.byteLength);
    this.reserve(array.byteLength);
    let { at } = this;
    for (let index = 0; index < array.length; index += 1) {
      this.view.setFloat32(at, array[index] ?? 0, true);
      at += 4;
    }
    this.at = at;
  }

  private head(major: number, argument: number): void {
    this.reserve(5);
    const { slab, at } = this;
    if (argument < 24) {
      slab[at] = major | argument;
      this.at = at + 1;
    } else if (argument < 0x100) {
      slab[at] = major | 24;
      slab[at + 1] = argument;
      this.at = at + 2;
    } else if (argument < 0x1_0000) {
      slab[at] = major | 25;
      this.view.setUint16(at + 1, argument);
      this.at = at + 3;
    } else if (argument < UINT32) {
      slab[at] = major | 26;
      this.view.setUint32(at + 1, argument);
      this.at = at + 5;
    } else throw NOT_PLAIN;
  }

  private byte(value: number): void {
    this.reserve(1);
    this.slab[this.at] = value;
    this.at += 1;
  }

  /** A document that does not fit goes on in a larger slab, with what is written of it. */
  private reserve(length: number): void {
    if (this.at + length <= this.slab.length) return;
    const { slab, start, at } = this;
    this.begin(Math.max(SLAB_BYTES, 2 * (at - start + length)));
    slab.copy(this.slab, 0, start, at);
    this.start = 0;
    this.at = at - start;
  }

  private begin(bytes: number): void {
    this.slab = Buffer.allocUnsafeSlow(bytes);
    this.view = new DataView(this.slab.buffer);
    this.at = 0;
  }
}
