import {
  STORE_LIMITS,
  StoreError,
  type CollectionName,
  type Documents,
  type Key,
  type RangeOptions,
  type Transaction,
} from '@state-server/persistence-port';
import {
  chunkCount,
  chunkKey,
  joinChunks,
  openHead,
  openIndexEntry,
  sealIndexEntry,
  sealRecord,
  type Stamp,
} from './envelope';
import {
  indexKeysOfDocument,
  keyInterval,
  keyOfDocument,
  layoutOf,
  primaryKey,
  walkedSpace,
  type Layout,
} from './layout';
import type { KvChanges, KvEntry, KvKey, KvTransaction, MaybePromise } from './ordered-kv';
import { decodePayload, encodePayload } from './payload';
import {
  mergeRows,
  NO_PREDECESSOR,
  overlayOf,
  type Overlay,
  type PendingRecord,
  type Predecessor,
  type Row,
} from './pending-writes';

const NO_OVERLAY: Overlay = { added: new Map(), removed: new Set() };

type Document = Readonly<Record<string, unknown>>;

/** One attempt: reads from the driver's snapshot with the attempt's own writes over it. */
export class RecordTransaction implements Transaction {
  private readonly pending = new Map<KvKey, PendingRecord>();
  private readonly guards = new Set<KvKey>();
  /** Heads read so far: what a write replaces is mostly read before it is written. */
  private readonly seen = new Map<KvKey, Uint8Array | undefined>();
  /** Why no more reads and writes are possible. */
  private ended: Error | undefined;

  constructor(
    private readonly kv: KvTransaction,
    private readonly nextStamp: () => Stamp,
  ) {}

  /** From now on every call fails with this error: a callback that outlives its attempt changes and learns nothing. */
  end(reason: Error): void {
    this.ended ??= reason;
  }

  get hasEffect(): boolean {
    return this.pending.size > 0 || this.guards.size > 0;
  }

  get hasWrites(): boolean {
    return this.pending.size > 0;
  }

  async get<Name extends CollectionName>(name: Name, key: Key): Promise<Documents[Name] | undefined> {
    this.mustBeOpen();
    const layout = layoutOf(name);
    return (await this.document(layout, primaryKey(layout, key))) as Documents[Name] | undefined;
  }

  async getMany<Name extends CollectionName>(
    name: Name,
    keys: readonly Key[],
  ): Promise<(Documents[Name] | undefined)[]> {
    this.mustBeOpen();
    const layout = layoutOf(name);
    const documents = await all(keys.map((key) => this.document(layout, primaryKey(layout, key))));
    return documents as (Documents[Name] | undefined)[];
  }

  async range<Name extends CollectionName>(
    name: Name,
    options: RangeOptions<Name>,
  ): Promise<Documents[Name][]> {
    this.mustBeOpen();
    const layout = layoutOf(name);
    const { limit, reverse = false } = options;
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw new TypeError(`a range of ${name} needs a limit ≥ 0`);
    const { space, place } = walkedSpace(layout, options.index);
    const { start, end } = keyInterval(space, options);
    if (limit === 0 || start >= end) return [];
    const overlay = await this.overlay(layout, place, (key) => key >= start && key < end);
    const entries = await this.kv.range(start, end, { reverse, limit: limit + overlay.removed.size });
    const stored = entries.map((entry) => storedRow(space.name, place, entry));
    const rows = mergeRows(stored, overlay, { reverse, limit });
    const documents = await all(rows.map((row) => this.documentOfRow(layout, row)));
    return documents as readonly unknown[] as Documents[Name][];
  }

  guard(name: CollectionName, key: Key): void {
    this.mustBeOpen();
    this.guards.add(primaryKey(layoutOf(name), key));
  }

  put<Name extends CollectionName>(name: Name, document: Documents[Name]): void {
    this.mustBeOpen();
    const layout = layoutOf(name);
    const fields = document as unknown as Document;
    const key = keyOfDocument(layout, fields);
    const indexKeys = indexKeysOfDocument(layout, fields);
    this.pending.set(key, { layout, key, payload: encodePayload(name, document), indexKeys });
  }

  delete(name: CollectionName, key: Key): void {
    this.mustBeOpen();
    const layout = layoutOf(name);
    const encoded = primaryKey(layout, key);
    this.pending.set(encoded, { layout, key: encoded, payload: undefined, indexKeys: [] });
  }

  /** What this attempt asks of the driver. Throws `too_large` above the common limit of a transaction. */
  async changes(label: string): Promise<KvChanges> {
    const records = [...this.pending.values()];
    const predecessors = await all(records.map((record) => this.predecessor(record)));
    const writes = new Map<KvKey, Uint8Array | undefined>();
    records.forEach((record, place) => {
      this.stage(record, predecessors[place] ?? NO_PREDECESSOR, writes);
      this.guards.add(record.key);
    });
    let bytes = 0;
    for (const [key, value] of writes) bytes += key.length + (value?.byteLength ?? 0);
    if (bytes > STORE_LIMITS.transactionBytes) {
      throw new StoreError(
        'too_large',
        `the transaction ${label} writes ${bytes} bytes; at most ${STORE_LIMITS.transactionBytes} are possible`,
      );
    }
    return { label, guards: this.guards, writes, bytes };
  }

  private mustBeOpen(): void {
    if (this.ended) throw this.ended;
  }

  private head(key: KvKey): MaybePromise<Uint8Array | undefined> {
    if (this.seen.has(key)) return this.seen.get(key);
    return then(this.kv.get(key), (value) => {
      this.seen.set(key, value);
      return value;
    });
  }

  private document(layout: Layout, key: KvKey): MaybePromise<Document | undefined> {
    const pending = this.pending.get(key);
    if (pending) return pending.payload && decodePayload(pending.payload);
    return then(this.head(key), (value) => value && this.open(layout, key, value));
  }

  private open(layout: Layout, key: KvKey, value: Uint8Array): MaybePromise<Document> {
    const head = openHead(layout.name, key, value);
    if (head.chunks === 0) return decodePayload(head.rest);
    const keys = Array.from({ length: head.chunks }, (_, place) => chunkKey(layout.chunkPrefix, key, place));
    return then(all(keys.map((each) => this.kv.get(each))), (chunks) =>
      decodePayload(joinChunks(layout.name, key, layout.chunkPrefix, head, chunks)),
    );
  }

  private documentOfRow(layout: Layout, row: Row): MaybePromise<Document> {
    if (row.value && !this.pending.has(row.primary)) {
      this.seen.set(row.primary, row.value);
      return this.open(layout, row.primary, row.value);
    }
    return then(this.document(layout, row.primary), (document) => {
      if (document) return document;
      throw new StoreError('corrupt', `an index of ${layout.name} leads to a record that is not there`);
    });
  }

  private overlay(
    layout: Layout,
    place: number | undefined,
    within: (key: KvKey) => boolean,
  ): MaybePromise<Overlay> {
    if (this.pending.size === 0) return NO_OVERLAY;
    const records = [...this.pending.values()].filter((record) => record.layout === layout);
    const predecessors =
      place === undefined
        ? records.map(() => NO_PREDECESSOR)
        : all(records.map((record) => this.predecessor(record)));
    return then(predecessors, (found) =>
      overlayOf(
        records.map((record, at) => ({ record, predecessor: found[at] ?? NO_PREDECESSOR })),
        place,
        within,
      ),
    );
  }

  private predecessor({ layout, key }: PendingRecord): MaybePromise<Predecessor> {
    return then(this.head(key), (value) => {
      if (!value) return NO_PREDECESSOR;
      const { chunks } = openHead(layout.name, key, value);
      if (layout.indexes.length === 0) return { exists: true, chunks, indexKeys: [] };
      return then(this.open(layout, key, value), (document) => ({
        exists: true,
        chunks,
        indexKeys: indexKeysOfDocument(layout, document),
      }));
    });
  }

  private stage(
    record: PendingRecord,
    before: Predecessor,
    writes: Map<KvKey, Uint8Array | undefined>,
  ): void {
    const { layout, key, payload } = record;
    layout.indexes.forEach((_, place) => {
      const [old, fresh] = [before.indexKeys[place], record.indexKeys[place]];
      if (old === fresh) return;
      if (old !== undefined) writes.set(old, undefined);
      if (fresh !== undefined) writes.set(fresh, sealIndexEntry(fresh, key));
    });
    const chunks = payload ? chunkCount(payload.byteLength) : 0;
    for (let place = chunks; place < before.chunks; place += 1) {
      writes.set(chunkKey(layout.chunkPrefix, key, place), undefined);
    }
    if (!payload) {
      if (before.exists) writes.set(key, undefined);
      return;
    }
    const sealed = sealRecord(key, layout.chunkPrefix, this.nextStamp(), payload);
    writes.set(key, sealed.head);
    sealed.chunks.forEach((value, place) => writes.set(chunkKey(layout.chunkPrefix, key, place), value));
  }
}

function storedRow(space: string, place: number | undefined, { key, value }: KvEntry): Row {
  if (place === undefined) return { key, primary: key, value };
  return { key, primary: openIndexEntry(space, key, value) };
}

/** `value.then(next)`, at once where the driver answered at once: most reads of a local store need no promise. */
function then<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function all<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  for (const value of values) if (value instanceof Promise) return Promise.all(values);
  return values as readonly T[];
}
