import type { KvKey } from './ordered-kv';
import type { Layout } from './layout';

/** A document as it shall be after the transaction. */
export interface PendingRecord {
  readonly layout: Layout;
  readonly key: KvKey;
  /** Encoded when it was put, so that later changes of the caller's object do not matter; undefined: deleted. */
  readonly draft: Buffer | undefined;
  /** By the place of the index in the layout. */
  readonly indexKeys: readonly (KvKey | undefined)[];
}

/** What the snapshot holds under the key of a pending record. */
export interface Predecessor {
  readonly exists: boolean;
  readonly chunks: number;
  readonly indexKeys: readonly (KvKey | undefined)[];
}

export const NO_PREDECESSOR: Predecessor = { exists: false, chunks: 0, indexKeys: [] };

/** One entry of a walked key space: the key there, and the record that it leads to. */
export interface Row {
  readonly key: KvKey;
  readonly primary: KvKey;
  /** The record's stored value, where the walked space is the records themselves. */
  readonly value?: Uint8Array;
}

/** Effects of the pending records of one collection on one of its key spaces. */
export interface Overlay {
  readonly added: ReadonlyMap<KvKey, Row>;
  readonly removed: ReadonlySet<KvKey>;
}

/** Pending effects on the records themselves (`place` undefined) or on an index. */
export function overlayOf(
  records: readonly { record: PendingRecord; predecessor: Predecessor }[],
  place: number | undefined,
  within: (key: KvKey) => boolean,
): Overlay {
  const added = new Map<KvKey, Row>();
  const removed = new Set<KvKey>();
  for (const { record, predecessor } of records) {
    const present = record.draft !== undefined;
    const before = place === undefined ? record.key : predecessor.indexKeys[place];
    const after = place === undefined ? (present ? record.key : undefined) : record.indexKeys[place];
    if (before !== undefined && before !== after && within(before)) removed.add(before);
    if (after !== undefined && within(after)) added.set(after, { key: after, primary: record.key });
  }
  return { added, removed };
}

/** The rows of the snapshot with the overlay laid over them: the first `limit` of all. */
export function mergeRows(
  stored: readonly Row[],
  overlay: Overlay,
  options: { readonly reverse: boolean; readonly limit: number },
): readonly Row[] {
  if (overlay.added.size === 0 && overlay.removed.size === 0) return stored.slice(0, options.limit);
  const kept = stored.filter((row) => !overlay.removed.has(row.key) && !overlay.added.has(row.key));
  const sign = options.reverse ? -1 : 1;
  return [...kept, ...overlay.added.values()]
    .sort((left, right) => (left.key < right.key ? -sign : sign))
    .slice(0, options.limit);
}
