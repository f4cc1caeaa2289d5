import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing';
import type { SceneObject } from './entities';
import { LIMITS } from './limits';

/** Longest order key that is stored; above it the siblings are re-spread (SYNC S6). */
export const ORDER_MAX = LIMITS.order_chars;

const ALPHABET = /^[A-Za-z][0-9A-Za-z]*$/;

/** A key of the right alphabet and form; may be longer than `ORDER_MAX`. */
export function isOrderKey(value: unknown): value is string {
  if (typeof value !== 'string' || !ALPHABET.test(value)) return false;
  try {
    generateKeyBetween(value, null);
    return true;
  } catch {
    // The library says by exception what a key may not look like.
    return false;
  }
}

/** Text that can at least be compared with keys: it names a place among them even where it is no key itself. */
export function namesPlace(value: string): boolean {
  return ALPHABET.test(value);
}

/** Whether keys can be made between the two; null stands for the start and the end. */
export function areBounds(before: string | null, after: string | null): boolean {
  const isOpen = before === null || after === null || before < after;
  return isOpen && (before === null || isOrderKey(before)) && (after === null || isOrderKey(after));
}

/**
 * A key between two neighbours; null stands for the start and the end. Where there is none because the two are equal or in
 * the wrong order, answers the first one's key: ties are broken by id. A neighbour's key that is none counts as absent.
 * May be longer than `ORDER_MAX`.
 */
export function orderBetween(before: string | null, after: string | null): string {
  const low = isOrderKey(before) ? before : null;
  const high = isOrderKey(after) ? after : null;
  return low !== null && high !== null && low >= high ? low : generateKeyBetween(low, high);
}

/** `count` keys in rising order between two bounds that pass `areBounds`. */
export function ordersBetween(before: string | null, after: string | null, count: number): string[] {
  return generateNKeysBetween(before, after, count);
}

/** What decides about the place among siblings. */
export type Sibling = Pick<SceneObject, 'id' | 'order'>;

/** Sibling order: by order key, then by id; both by code unit. */
export function compareSiblings(left: Sibling, right: Sibling): number {
  if (left.order !== right.order) return left.order < right.order ? -1 : 1;
  if (left.id === right.id) return 0;
  return left.id < right.id ? -1 : 1;
}

/** Where the sibling stands, or would stand, in a list that is in order; O(log n) look-ups. */
export function siblingIndex<Id extends string>(
  ids: readonly Id[],
  sibling: Sibling,
  find: (id: Id) => Sibling | undefined,
): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const id = ids[middle];
    const other = id === undefined ? undefined : find(id);
    if (other !== undefined && compareSiblings(other, sibling) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
