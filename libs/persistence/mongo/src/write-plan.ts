import type { CollectionName } from '@state-server/persistence-port';
import type { KvChanges, KvKey } from '@state-server/persistence-records';
import type { Change } from './driver';
import { documentOf, entryText, idOf, ownerOfEntry } from './stored-document';
import { placeOf, type Table } from './tables';

/** What a transaction does to one collection. Documents are in the order of their ids, so that two writers do not cross. */
export interface CollectionPlan {
  readonly collection: CollectionName;
  /** Writes and guards; a guard of what is not there makes a document that `write` tells of and the commit takes away. */
  readonly changes: readonly Change[];
  readonly deletions: readonly Change[];
}

/** All that is asked of one record. */
interface Plan {
  readonly table: Table;
  readonly primary: KvKey;
  /** null: it is deleted. */
  record?: Uint8Array | null;
  readonly chunks: Map<number, Uint8Array | undefined>;
  /** Keys by index; undefined: none. */
  readonly entries: Map<string, KvKey | undefined>;
}

/**
 * Turns changes of keys and values into changes of documents. What is written is validated by being written; what is only
 * guarded gets its `_guards` counted up, so that whoever writes it at the same time conflicts (SYNC P1).
 */
export function planOf(changes: Pick<KvChanges, 'guards' | 'writes'>): CollectionPlan[] {
  const plans = new Map<KvKey, Plan>();
  const at = (table: Table, primary: KvKey): Plan => {
    let plan = plans.get(primary);
    if (!plan) plans.set(primary, (plan = { table, primary, chunks: new Map(), entries: new Map() }));
    return plan;
  };
  for (const [key, value] of changes.writes) note(at, key, value);
  for (const key of changes.guards) {
    const place = placeOf(key);
    if (place?.kind !== 'record') throw new TypeError('only keys of records can be guarded');
    at(place.table, key);
  }
  return byCollection([...plans.values()].sort((left, right) => (left.primary < right.primary ? -1 : 1)));
}

function note(at: (table: Table, primary: KvKey) => Plan, key: KvKey, value: Uint8Array | undefined): void {
  const place = placeOf(key);
  if (!place) throw new TypeError('a key of no collection cannot be written');
  const { table } = place;
  switch (place.kind) {
    case 'record':
      at(table, place.primary).record = value ?? null;
      return;
    case 'chunk':
      at(table, place.primary).chunks.set(place.number, value);
      return;
    case 'index': {
      const primary = ownerOfEntry(table, place.index, key);
      // Without a record there is no entry in MongoDB.
      if (primary === undefined) return;
      const { entries } = at(table, primary);
      // The entry that goes and the one that comes in its place may be told of in any order.
      if (value) entries.set(place.index.name, key);
      else if (!entries.has(place.index.name)) entries.set(place.index.name, undefined);
      return;
    }
    default:
      place satisfies never;
  }
}

function byCollection(plans: readonly Plan[]): CollectionPlan[] {
  const collections = new Map<CollectionName, { changes: Change[]; deletions: Change[] }>();
  for (const plan of plans) {
    const { name } = plan.table;
    let found = collections.get(name);
    if (!found) collections.set(name, (found = { changes: [], deletions: [] }));
    const change = changeOf(plan);
    (change.kind === 'delete' ? found.deletions : found.changes).push(change);
  }
  // A transaction's own record meets nobody: it comes last, so that who is to lose does so before it.
  const isOwn = (name: CollectionName): number => (name === 'transactions' ? 1 : 0);
  return [...collections]
    .map(([collection, found]) => ({ collection, ...found }))
    .sort((left, right) => isOwn(left.collection) - isOwn(right.collection));
}

function changeOf(plan: Plan): Change {
  const { table, primary, record, chunks, entries } = plan;
  const id = idOf(table, primary);
  if (record === null) return { kind: 'delete', id };
  if (record) {
    const kept = [...chunks].filter((chunk): chunk is [number, Uint8Array] => chunk[1] !== undefined);
    return { kind: 'replace', document: documentOf(table, primary, record, new Map(kept)) };
  }
  if (chunks.size === 0 && entries.size === 0) return { kind: 'guard', id };
  return patchOf(plan, id);
}

/** Repairs and new indexes: parts of a document without the record. */
function patchOf({ table, primary, chunks, entries }: Plan, id: string): Change {
  const set: Record<string, unknown> = {};
  const unset: string[] = [];
  for (const [number, value] of chunks) {
    if (value) set[`_chunks.${number}`] = value;
    else unset.push(`_chunks.${number}`);
  }
  for (const [name, key] of entries) {
    const index = table.indexes.find((each) => each.name === name);
    if (index && key !== undefined) set[name] = entryText(index, key, primary);
    else unset.push(name);
  }
  return { kind: 'patch', id, set, unset };
}
