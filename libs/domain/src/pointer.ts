import type { Pointer } from './ops';
import { ok, refuse, type Result } from './refusal';
import { isForbiddenKey, isText } from './values';

const BAD_ESCAPE = /~(?![01])/;

/** The keys that an RFC 6901 pointer names, unescaped; at least one. Refuses with `field.invalid` or `field.not_settable`. */
export function parsePointer(pointer: unknown): Result<readonly [string, ...string[]]> {
  if (!isText(pointer) || !pointer.startsWith('/') || BAD_ESCAPE.test(pointer)) {
    return refuse('field.invalid', `not a JSON pointer: ${String(pointer)}`, { pointer });
  }
  const [first = '', ...rest] = pointer.slice(1).split('/').map(unescapeKey);
  // The one field of that name: it names no key of a map.
  if (pointer !== '/prototype' && [first, ...rest].some(isForbiddenKey)) {
    return refuse('field.not_settable', `${pointer} names a key that no map may have`, { pointer });
  }
  return ok([first, ...rest]);
}

/** The pointer that names these keys. */
export function formatPointer(keys: readonly string[]): Pointer {
  return keys.map((key) => `/${escapeKey(key)}`).join('');
}

/** True when `outer` names the same place as `inner` or one around it. Both must be in the form of `formatPointer`. */
export function covers(outer: Pointer, inner: Pointer): boolean {
  return inner.startsWith(outer) && (inner.length === outer.length || inner[outer.length] === '/');
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

interface PathNode {
  end: boolean;
  readonly next: Map<string, PathNode>;
}

/** Finds pointers that name the same place or one within the other. */
export class PointerSet {
  private readonly root: PathNode = { end: false, next: new Map() };

  /** False when the path overlaps with one that was added before; it is not added then. */
  add(keys: readonly string[]): boolean {
    let node = this.root;
    let isNew = false;
    for (const key of keys) {
      if (node.end) return false;
      let child = node.next.get(key);
      if (!child) {
        isNew = true;
        child = { end: false, next: new Map() };
        node.next.set(key, child);
      }
      node = child;
    }
    node.end = true;
    return isNew;
  }
}
