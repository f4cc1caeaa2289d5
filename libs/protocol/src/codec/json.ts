import { fromBase64, toBase64 } from './base64';
import { DecodeError, type DecodeOptions } from './decode-error';
import { inspectJson } from './json-guard';
import { cannotEncode, isPlainMap, isWellFormed, toInteger } from './wire-values';

const DECIMAL = /^-?(0|[1-9][0-9]{0,18})$/;
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/**
 * The JSON form of what encodeCbor takes: bytes as `{"$bytes": base64}`, integers beyond 2^53 as `{"$int": "…"}`,
 * a Float32Array as an array of its numbers. Numbers that are not finite have no JSON form: TypeError.
 */
export function encodeJson(value: unknown): string {
  return JSON.stringify(toJson(value));
}

function toJson(value: unknown): unknown {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      if (!isWellFormed(value)) throw cannotEncode('text with a lone surrogate');
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw cannotEncode(`${value} in JSON`);
      return value;
    case 'bigint': {
      const integer = toInteger(value);
      return typeof integer === 'number' ? integer : { $int: integer.toString() };
    }
    case 'object':
      return value === null ? null : compositeToJson(value);
    default:
      throw cannotEncode(typeof value);
  }
}

function compositeToJson(value: object): unknown {
  if (Array.isArray(value)) return Array.from(value, toJson);
  if (value instanceof Float32Array) return Array.from(value, toJson);
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) };
  if (!isPlainMap(value)) throw cannotEncode('an object that is neither a plain map nor bytes');
  const map: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined) continue;
    if (key === '__proto__' || !isWellFormed(key)) throw cannotEncode(`a key ${JSON.stringify(key)}`);
    map[key] = toJson(field);
  }
  return map;
}

/** Throws DecodeError. The same values as decodeCbor of the same message, except that transforms stay arrays. */
export function decodeJson(text: string, options: DecodeOptions = {}): unknown {
  const value = parse(text);
  const { tagged } = inspectJson(text, options);
  return tagged || SURROGATE_ESCAPE.test(text) ? fromJson(value, options) : value;
}

function parse(text: string): unknown {
  if (text.length === 0) throw new DecodeError('empty', 'the input is empty', 0);
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's text quotes the input; its reason is enough.
    const message = error instanceof Error ? error.message.replace(/, ".*$/s, '') : 'not JSON';
    throw new DecodeError('bad_json', message);
  }
}

function fromJson(value: unknown, options: DecodeOptions): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (Array.isArray(value)) return value.map((element) => fromJson(element, options));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    if (only[0] === '$int') return integer(only[1], options);
    if (only[0] === '$bytes') return bytes(only[1]);
  }
  const map: Record<string, unknown> = {};
  for (const [key, field] of entries) map[wellFormed(key)] = fromJson(field, options);
  return map;
}

function wellFormed(text: string): string {
  if (!isWellFormed(text)) throw new DecodeError('bad_text', 'text has a lone surrogate');
  return text;
}

function integer(decimal: unknown, options: DecodeOptions): number | bigint {
  if (typeof decimal !== 'string' || !DECIMAL.test(decimal)) {
    throw new DecodeError('bad_integer', '"$int" must hold a decimal integer as text');
  }
  const value = BigInt(decimal);
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (options.integers !== 'int64') throw new DecodeError('integer_too_large', 'integer beyond 2^53 − 1');
  if (BigInt.asIntN(64, value) !== value)
    throw new DecodeError('integer_too_large', 'integer beyond 64 bits');
  return value;
}

function bytes(base64: unknown): Uint8Array {
  const decoded = typeof base64 === 'string' ? fromBase64(base64) : undefined;
  if (decoded === undefined) throw new DecodeError('bad_bytes', '"$bytes" must hold base64 with padding');
  return decoded;
}
