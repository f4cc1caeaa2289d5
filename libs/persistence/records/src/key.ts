import type { Key, KeyPart } from '@state-server/persistence-port';
import type { KvKey } from './ordered-kv';

/*
 * Tuples whose encoded order is the order of their parts, after FoundationDB's tuple layer:
 * text     02, UTF-8 with 00 written as 00 FF, 00
 * integer  14 ± n, then n big-endian bytes of the magnitude (complemented when negative), n as small as possible
 * No part starts with FF, so `prefix FF` is the end of all that starts with the prefix.
 */
const TEXT = '\x02';
const INTEGER_ZERO = 0x14;

/** After every key that continues the prefix before it. */
export const AFTER_ALL = '\xff';

const NOT_PLAIN = /[^ -~]/;
const NOT_WELL_FORMED = /\p{Surrogate}/u;

function encodeText(text: string): KvKey {
  if (!NOT_PLAIN.test(text)) return `${TEXT}${text}\x00`;
  // UTF-8 has no form for a lone surrogate: two texts would share one key.
  if (NOT_WELL_FORMED.test(text)) throw new TypeError('text with a lone surrogate cannot be part of a key');
  return `${TEXT}${Buffer.from(text, 'utf8').toString('latin1').replaceAll('\x00', '\x00\xff')}\x00`;
}

function encodeInteger(value: number): KvKey {
  if (!Number.isSafeInteger(value))
    throw new TypeError(`${value} cannot be part of a key: not a safe integer`);
  const flip = value < 0 ? 0xff : 0;
  let digits = '';
  let count = 0;
  for (let rest = Math.abs(value); rest > 0; rest = Math.floor(rest / 256)) {
    digits = String.fromCharCode((rest % 256) ^ flip) + digits;
    count += 1;
  }
  return String.fromCharCode(value < 0 ? INTEGER_ZERO - count : INTEGER_ZERO + count) + digits;
}

export function encodePart(part: KeyPart): KvKey {
  return typeof part === 'string' ? encodeText(part) : encodeInteger(part);
}

/** Keeps order: a < b exactly when encodeKey(a) < encodeKey(b), text by its UTF-8 bytes; text sorts before integers. */
export function encodeKey(parts: Key): KvKey {
  let encoded = '';
  for (const part of parts) encoded += encodePart(part);
  return encoded;
}

/** Where the part of a tuple that begins here ends; undefined where none does. */
export function endOfPart(key: KvKey, at: number): number | undefined {
  const code = key.charCodeAt(at);
  if (code === 0x02) {
    for (let end = key.indexOf('\x00', at + 1); end >= 0; end = key.indexOf('\x00', end + 2)) {
      if (key[end + 1] !== '\xff') return end + 1;
    }
    return undefined;
  }
  const end = at + 1 + Math.abs(code - 0x14);
  return end <= key.length ? end : undefined;
}

/** Where a tuple of so many parts that begins here ends; undefined where the key holds fewer. */
export function endOfParts(key: KvKey, at: number, parts: number): number | undefined {
  let end: number | undefined = at;
  for (let part = 0; part < parts && end !== undefined; part += 1) {
    end = end < key.length ? endOfPart(key, end) : undefined;
  }
  return end;
}
