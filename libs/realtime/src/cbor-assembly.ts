import { encodeCbor } from '@state-server/protocol';

/** RFC 8949: major types of the two heads that are written here. */
const ARRAY = 4;
const MAP = 5;

/** The head of an array or map of so many items, in the shortest form. */
function head(major: number, items: number): Uint8Array {
  const type = major << 5;
  if (items < 24) return Uint8Array.of(type | items);
  if (items < 0x100) return Uint8Array.of(type | 24, items);
  if (items < 0x10000) return Uint8Array.of(type | 25, items >> 8, items & 0xff);
  return Uint8Array.of(type | 26, items >>> 24, (items >>> 16) & 0xff, (items >>> 8) & 0xff, items & 0xff);
}

/**
 * The CBOR of `{...fields, [list]: items}` where the items are encoded already: what is encoded once can stand in many
 * frames. `count`: how many items there are, when several stand in one piece. The items end the bytes.
 */
export function assembleCbor(
  fields: Readonly<Record<string, unknown>>,
  list: string,
  items: readonly Uint8Array[],
  count = items.length,
): Uint8Array {
  const entries = Object.entries(fields);
  const parts = [head(MAP, entries.length + 1)];
  for (const [key, value] of entries) parts.push(encodeCbor(key), encodeCbor(value));
  parts.push(encodeCbor(list), head(ARRAY, count));
  return join(parts, items);
}

function join(...lists: readonly (readonly Uint8Array[])[]): Uint8Array {
  let length = 0;
  for (const parts of lists) for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const parts of lists) {
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

/** The same in JSON. */
export function assembleJson(
  fields: Readonly<Record<string, unknown>>,
  list: string,
  items: readonly string[],
): string {
  const rest = JSON.stringify(fields).slice(0, -1);
  const separator = rest === '{' ? '' : ',';
  return `${rest}${separator}${JSON.stringify(list)}:[${items.join(',')}]}`;
}
