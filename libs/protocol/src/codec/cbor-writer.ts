import { cannotEncode, isPlainMap, isWellFormed, toInteger } from './wire-values';

const UNSIGNED = 0x00;
const NEGATIVE = 0x20;
const BYTES = 0x40;
const TEXT = 0x60;
const ARRAY = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const FLOAT32_ARRAY_TAG = [0xd8, 85] as const;
const NAN_HALF = [0xf9, 0x7e, 0x00] as const;

/** Characters up to which a loop is faster than the encoder of the platform. */
const SHORT_TEXT = 64;
const UTF8 = new TextEncoder();

/**
 * Writes RFC 8949 with definite lengths and the shortest heads; numbers without a fraction as integers, others as float32
 * where that is exact. The same value, built in the same order, always gives the same bytes. Reused between calls.
 */
export class CborWriter {
  private bytes = new Uint8Array(4096);
  private view = new DataView(this.bytes.buffer);
  private at = 0;

  encode(value: unknown): Uint8Array {
    this.at = 0;
    this.item(value);
    return this.bytes.slice(0, this.at);
  }

  private item(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.text(value);
        break;
      case 'number':
        this.number(value);
        break;
      case 'boolean':
        this.byte(value ? TRUE : FALSE);
        break;
      case 'bigint':
        this.integer(value);
        break;
      case 'object':
        if (value === null) this.byte(NULL);
        else this.composite(value);
        break;
      default:
        throw cannotEncode(typeof value);
    }
  }

  private composite(value: object): void {
    if (Array.isArray(value)) {
      this.head(ARRAY, value.length);
      for (const element of value) this.item(element);
    } else if (value instanceof Float32Array) this.float32Array(value);
    else if (value instanceof Uint8Array) this.byteString(value);
    else if (isPlainMap(value)) this.map(value);
    else throw cannotEncode('an object that is neither a plain map nor bytes');
  }

  /** Fields that are undefined are left out. */
  private map(map: Readonly<Record<string, unknown>>): void {
    const keys = Object.keys(map);
    let count = keys.length;
    for (const key of keys) if (map[key] === undefined) count -= 1;
    this.head(MAP, count);
    for (const key of keys) {
      const field = map[key];
      if (field === undefined) continue;
      if (key === '__proto__') throw cannotEncode('a key "__proto__"');
      this.text(key);
      this.item(field);
    }
  }

  private text(text: string): void {
    if (text.length < SHORT_TEXT && this.asciiText(text)) return;
    if (!isWellFormed(text)) throw cannotEncode('text with a lone surrogate');
    // Up to three bytes for each UTF-16 unit; written behind the largest head, then moved up.
    this.reserve(9 + text.length * 3);
    const start = this.at;
    const { written } = UTF8.encodeInto(text, this.bytes.subarray(start + 9));
    this.head(TEXT, written);
    this.bytes.copyWithin(this.at, start + 9, start + 9 + written);
    this.at += written;
  }

  private asciiText(text: string): boolean {
    const length = text.length;
    this.reserve(length + 2);
    const start = this.at;
    this.head(TEXT, length);
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.at = start;
        return false;
      }
      this.bytes[this.at + i] = code;
    }
    this.at += length;
    return true;
  }

  private number(value: number): void {
    if (Number.isSafeInteger(value))
      this.head(value < 0 ? NEGATIVE : UNSIGNED, value < 0 ? -1 - value : value);
    else this.float(value);
  }

  private float(value: number): void {
    this.reserve(9);
    if (Number.isNaN(value)) {
      this.bytes.set(NAN_HALF, this.at);
      this.at += 3;
    } else if (Math.fround(value) === value) {
      this.bytes[this.at] = 0xfa;
      this.view.setFloat32(this.at + 1, value);
      this.at += 5;
    } else {
      this.bytes[this.at] = 0xfb;
      this.view.setFloat64(this.at + 1, value);
      this.at += 9;
    }
  }

  private integer(value: bigint): void {
    const integer = toInteger(value);
    if (typeof integer === 'number') {
      this.number(integer);
      return;
    }
    this.reserve(9);
    this.bytes[this.at] = (integer < 0n ? NEGATIVE : UNSIGNED) | 27;
    this.view.setBigUint64(this.at + 1, integer < 0n ? -1n - integer : integer);
    this.at += 9;
  }

  private byteString(bytes: Uint8Array): void {
    this.head(BYTES, bytes.length);
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** RFC 8746, tag 85: little endian, whatever this machine is. */
  private float32Array(array: Float32Array): void {
    this.reserve(array.length * 4 + 11);
    this.bytes.set(FLOAT32_ARRAY_TAG, this.at);
    this.at += 2;
    this.head(BYTES, array.length * 4);
    for (const element of array) {
      this.view.setFloat32(this.at, element, true);
      this.at += 4;
    }
  }

  private head(major: number, argument: number): void {
    this.reserve(9);
    const { view, at } = this;
    if (argument < 24) {
      this.bytes[at] = major | argument;
      this.at += 1;
    } else if (argument < 0x100) {
      this.bytes[at] = major | 24;
      this.bytes[at + 1] = argument;
      this.at += 2;
    } else if (argument < 0x10000) {
      this.bytes[at] = major | 25;
      view.setUint16(at + 1, argument);
      this.at += 3;
    } else if (argument < 0x100000000) {
      this.bytes[at] = major | 26;
      view.setUint32(at + 1, argument);
      this.at += 5;
    } else {
      this.bytes[at] = major | 27;
      view.setUint32(at + 1, Math.floor(argument / 0x100000000));
      view.setUint32(at + 5, argument % 0x100000000);
      this.at += 9;
    }
  }

  private byte(value: number): void {
    this.reserve(1);
    this.bytes[this.at] = value;
    this.at += 1;
  }

  private reserve(length: number): void {
    const needed = this.at + length;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}
