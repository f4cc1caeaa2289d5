import type { ObjectId } from './ids';
import { LIMITS } from './limits';
import { areBounds, ORDER_MAX, ordersBetween, type Sibling } from './order';

/** Keys up to this length leave room for hundreds of inserts at one place before the next re-spread. */
const ROOMY_CHARS = 24;

export interface Respread {
  /** For the object that is to be placed. */
  readonly order: string;
  /** New keys of the siblings around it, where they change. */
  readonly orders: Readonly<Record<ObjectId, string>>;
}

/**
 * New keys for an object that goes in at `index` of its `count` siblings, and for as many of them around it as it takes to
 * come back to short keys (SYNC S6). The window grows towards the side with the longer key, because crowded places are
 * crowded on one side. `siblingAt` is asked only inside of it. Undefined when even the largest window has no room, which
 * only keys made by hand bring about.
 */
export function respread(
  count: number,
  index: number,
  siblingAt: (index: number) => Sibling | undefined,
): Respread | undefined {
  let low = index;
  let high = index;
  for (;;) {
    const before = low > 0 ? (siblingAt(low - 1)?.order ?? null) : null;
    const after = high < count ? (siblingAt(high)?.order ?? null) : null;
    const isFull = high - low >= LIMITS.reordered_objects_per_op;
    const isOpen = areBounds(before, after);
    const isRoomy = Math.max(before?.length ?? 0, after?.length ?? 0) <= ROOMY_CHARS;
    if (isOpen && (isRoomy || isFull)) {
      const keys = ordersBetween(before, after, high - low + 1);
      if (keys.every((key) => key.length <= ORDER_MAX)) return assign(keys, low, index, siblingAt);
    }
    if (isFull || (before === null && after === null)) return undefined;
    if (after === null || (before !== null && before.length >= after.length)) low -= 1;
    else high += 1;
  }
}

function assign(
  keys: readonly string[],
  low: number,
  index: number,
  siblingAt: (index: number) => Sibling | undefined,
): Respread {
  const orders: Record<ObjectId, string> = {};
  let own = '';
  keys.forEach((key, offset) => {
    const position = low + offset;
    if (position === index) own = key;
    const sibling = position === index ? undefined : siblingAt(position < index ? position : position - 1);
    if (sibling && sibling.order !== key) orders[sibling.id] = key;
  });
  return { order: own, orders };
}
