import { AFTER_ALL, endOfParts, type KvEntry, type KvKey } from '@state-server/persistence-records';
import type { Query } from './driver';
import { chunksOf, entryOf, primaryOf, type StoredDocument } from './stored-document';
import { type Table, type TableIndex, TABLES } from './tables';

/** A part of the ordered keys that one collection answers for, and how it is asked. */
export interface Walk {
  readonly table: Table;
  readonly field: string;
  /** Texts in that field, from and below; what they hold too much is left out by its key. */
  readonly from: string;
  readonly below: string;
  readonly onlyChunked: boolean;
  /** What a document holds of these keys, in their order. */
  entries(document: StoredDocument): readonly KvEntry[];
}

/** What of [start, end) there can be, in the order of the keys. */
export function walksOf(start: KvKey, end: KvKey): Walk[] {
  const walks: Walk[] = [];
  for (const table of TABLES) {
    const { primary, chunkPrefix } = table.layout;
    const records = cut(primary.prefix, start, end);
    if (records) walks.push(recordWalk(table, records));
    for (const index of table.indexes) {
      const entries = cut(index.space.prefix, start, end);
      if (entries) walks.push(indexWalk(table, index, entries));
    }
    const chunks = cut(chunkPrefix, start, end);
    if (chunks) walks.push(chunkWalk(table, chunks));
  }
  return walks;
}

interface Cut {
  readonly from: string;
  readonly below: string;
}

/** Of [start, end), what begins with the prefix, without it. */
function cut(prefix: KvKey, start: KvKey, end: KvKey): Cut | undefined {
  const [first, last] = [prefix, prefix + AFTER_ALL];
  const [from, below] = [start > first ? start : first, end < last ? end : last];
  if (from >= below) return undefined;
  return { from: from.slice(prefix.length), below: below.slice(prefix.length) };
}

function recordWalk(table: Table, { from, below }: Cut): Walk {
  return {
    table,
    field: '_id',
    from,
    below,
    onlyChunked: false,
    entries: ({ _id, _record }) => (_record ? [{ key: primaryOf(table, _id), value: _record }] : []),
  };
}

function indexWalk(table: Table, index: TableIndex, { from, below }: Cut): Walk {
  const parts = index.space.fields.length;
  return {
    table,
    field: index.name,
    from: besideEntry(from, parts),
    below: besideEntry(below, parts),
    onlyChunked: false,
    entries: (document) => {
      const entry = entryOf(table, index, document);
      return entry ? [entry] : [];
    },
  };
}

/**
 * The bound of an index's field that a bound of its keys is. The field holds more than the key, so a bound that goes on after
 * a whole key begins after everything that begins with it.
 */
function besideEntry(bound: string, parts: number): string {
  const end = endOfParts(bound, 0, parts);
  return end === undefined || end === bound.length ? bound : bound.slice(0, end) + AFTER_ALL;
}

function chunkWalk(table: Table, { from, below }: Cut): Walk {
  // A bound within the chunks of one record: that record is asked too, and its chunks are sorted out.
  const end = endOfParts(from, 0, table.layout.primary.fields.length);
  return {
    table,
    field: '_id',
    from: end === undefined ? from : from.slice(0, end),
    below,
    onlyChunked: true,
    entries: (document) => chunksOf(table, document),
  };
}

/** The walk from where the one before has come to. */
export function queryOf(walk: Walk, after: string | undefined, reverse: boolean, limit: number): Query {
  const { field, onlyChunked } = walk;
  const from = after !== undefined && !reverse ? `${after}\x00` : walk.from;
  const below = after !== undefined && reverse ? after : walk.below;
  return { kind: 'range', field, from, below, reverse, limit, ...(onlyChunked && { onlyChunked }) };
}
