import type { Key, KeyPart } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

/** Longest cursor that is looked at, characters. */
const MAX_CURSOR_CHARS = 1_024;

/**
 * An opaque place in a list: the key after which the next page begins, tied to the list it came from (`list` names the
 * route and what it was asked for), so that it cannot be used in another.
 */
export function encodeCursor(list: string, key: Key): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString('base64url');
}

/** Throws `cursor.invalid` for anything that `encodeCursor(list, …)` with as many parts would not have made. */
export function decodeCursor(list: string, parts: number, cursor: string | undefined): Key | undefined {
  if (cursor === undefined) return undefined;
  const decoded = cursor.length > MAX_CURSOR_CHARS ? undefined : parse(cursor);
  if (!Array.isArray(decoded) || decoded.length !== parts + 1 || decoded[0] !== list) {
    throw fail('cursor.invalid');
  }
  const key = decoded.slice(1);
  if (!key.every(isKeyPart)) throw fail('cursor.invalid');
  return key;
}

/** Cuts what was read with `limit + 1` to the page, and says where the next begins. */
export function page<T>(
  found: readonly T[],
  limit: number,
  cursorOf: (last: T) => string,
): { readonly items: readonly T[]; readonly next_cursor: string | null } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, next_cursor: more ? cursorOf(last) : null };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function isKeyPart(part: unknown): part is KeyPart {
  return typeof part === 'string' || (typeof part === 'number' && Number.isSafeInteger(part));
}
