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
  type OpenedHead,
  payloadIn,
  sealIndexEntry,
  sealInPlace,
  sealRecord,
  type Stamp,
  VALUE_HEAD_BYTES,
  VALUE_TAIL_BYTES,
} from './envelope';
import type { IndexMemo } from './index-memo';
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
import { decodeDraft, decodePayload, encodeDraft } from './payload';
import {
  mergeRows,
  NO_PREDECESSOR,
  overlayOf,
  type Overlay,
  type PendingRecord,
  type Predecessor,
  type Row,
} from './pending-writes';

const NO_KEYS: readonly undefined[] = [];
const NO_OVERLAY: Overlay = { added: new Map(), removed: new Set() };

type Document = Readonly<Record<string, unknown>>;

/** A record as the snapshot holds it. */
interface Stored {
  readonly head: OpenedHead;
  /** What a write of it would have to undo; known once it was decoded for a transaction that may write. */
  indexKeys?: readonly (KvKey | undefined)[];
}

/** What all attempts that write share. */
export interface Writing {
  readonly nextStamp: () => Stamp;
  readonly memo: IndexMemo;
}

/** One attempt: reads from the driver's snapshot with the attempt's own writes over it. */
export class RecordTransaction implements Transaction {
  private readonly pending = new Map<KvKey, PendingRecord>();
  private readonly guards = new Set<KvKey>();
  /** Records found so far: what a write replaces is mostly read before it is written. */
  private readonly seen = new Map<KvKey, Stored | undefined>();
  /** Why no more reads and writes are possible. */
  private ended: Error | undefined;

  constructor(
    private readonly kv: KvTransaction,
    /** Absent for a transaction that only reads. */
    private readonly writing: Writing | undefined,
  ) {}

  /** From now on every call fails with this error: a callback that outlives its attempt changes and learns nothing. */
  end(reason: Error): void {
    this.ended ??= reason;
  }

  /** Forgets all writes and guards. */
  discard(): void {
    this.pending.clear();
    this.guards.clear();
  }

  /** Of a key that nobody else can have: what is put there is put without a look at what it replaces. */
  assumeAbsent(name: CollectionName, key: Key): void {
    this.seen.set(primaryKey(layoutOf(name), key), undefined);
  }

  get hasEffect(): boolean {
    return this.pending.size > 0 || this.guards.size > 0;
  }

  get hasWrites(): boolean {
    return this.pending.size > 0;
  }

  get<Name extends CollectionName>(name: Name, key: Key): Promise<Documents[Name] | undefined> {
    return answer(() => {
      this.mustBeOpen();
      const layout = layoutOf(name);
      return this.document(layout, primaryKey(layout, key)) as MaybePromise<Documents[Name] | undefined>;
    });
  }

  getMany<Name extends CollectionName>(
    name: Name,
    keys: readonly Key[],
  ): Promise<(Documents[Name] | undefined)[]> {
    return answer(() => {
      this.mustBeOpen();
      const layout = layoutOf(name);
      const documents = all(keys.map((key) => this.document(layout, primaryKey(layout, key))));
      return documents as MaybePromise<(Documents[Name] | undefined)[]>;
    });
  }

  range<Name extends CollectionName>(name: Name, options: RangeOptions<Name>): Promise<Documents[Name][]> {
    return answer(() => this.rangeOf(name, options));
  }

  private async rangeOf<Name extends CollectionName>(
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
    this.pending.set(key, { layout, key, draft: encodeDraft(name, document), indexKeys });
  }

  delete(name: CollectionName, key: Key): void {
    this.mustBeOpen();
    const layout = layoutOf(name);
    const encoded = primaryKey(layout, key);
    this.pending.set(encoded, { layout, key: encoded, draft: undefined, indexKeys: NO_KEYS });
  }

  /** What this attempt asks of the driver. Throws `too_large` above the common limit of a transaction. */
  async changes(label: string): Promise<KvChanges> {
    this.mustBeOpen();
    const records = [...this.pending.values()];
    const predecessors = await all(records.map((record) => this.predecessor(record)));
    // Time may have run out meanwhile, and then the caller was told that nothing is written.
    this.mustBeOpen();
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

  private stored(layout: Layout, key: KvKey): MaybePromise<Stored | undefined> {
    if (this.seen.has(key)) return this.seen.get(key);
    return then(this.kv.get(key), (value) => this.remember(layout, key, value));
  }

  private remember(layout: Layout, key: KvKey, value: Uint8Array | undefined): Stored | undefined {
    const stored = value && { head: openHead(layout.name, key, value) };
    this.seen.set(key, stored);
    return stored;
  }

  private document(layout: Layout, key: KvKey): MaybePromise<Document | undefined> {
    const pending = this.pending.get(key);
    if (pending) return pending.draft && decodeDraft(pending.draft);
    return then(this.stored(layout, key), (stored) => stored && this.decode(layout, key, stored));
  }

  private decode(layout: Layout, key: KvKey, stored: Stored): MaybePromise<Document> {
    return then(this.payload(layout, key, stored.head), (payload) => {
      const document = decodePayload(payload);
      if (this.writing && layout.indexes.length > 0) {
        stored.indexKeys ??= indexKeysOfDocument(layout, document);
      }
      return document;
    });
  }

  private payload(layout: Layout, key: KvKey, head: OpenedHead): MaybePromise<Uint8Array> {
    if (head.chunks === 0) return head.rest;
    const keys = Array.from({ length: head.chunks }, (_, place) => chunkKey(layout.chunkPrefix, key, place));
    return then(all(keys.map((each) => this.kv.get(each))), (chunks) =>
      joinChunks(layout.name, key, layout.chunkPrefix, head, chunks),
    );
  }

  private documentOfRow(layout: Layout, row: Row): MaybePromise<Document> {
    if (row.value && !this.seen.has(row.primary)) this.remember(layout, row.primary, row.value);
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
    if (this.seen.has(key)) return this.described(layout, key, this.seen.get(key));
    return then(this.kv.get(key), (value) => {
      const known = value && this.writing?.memo.find(key, value);
      return known ?? this.described(layout, key, this.remember(layout, key, value));
    });
  }

  private described(layout: Layout, key: KvKey, stored: Stored | undefined): MaybePromise<Predecessor> {
    if (!stored) return NO_PREDECESSOR;
    const { chunks } = stored.head;
    if (layout.indexes.length === 0) return { exists: true, chunks, indexKeys: NO_KEYS };
    const decoded = stored.indexKeys ? undefined : this.decode(layout, key, stored);
    return then(decoded, () => ({ exists: true, chunks, indexKeys: stored.indexKeys ?? NO_KEYS }));
  }

  private stage(
    record: PendingRecord,
    before: Predecessor,
    writes: Map<KvKey, Uint8Array | undefined>,
  ): void {
    const { layout, key, draft, indexKeys } = record;
    for (let place = 0; place < layout.indexes.length; place += 1) {
      const [old, fresh] = [before.indexKeys[place], indexKeys[place]];
      if (old === fresh) continue;
      if (old !== undefined) writes.set(old, undefined);
      if (fresh !== undefined) writes.set(fresh, sealIndexEntry(fresh, key));
    }
    const bytes = draft ? draft.byteLength - VALUE_HEAD_BYTES - VALUE_TAIL_BYTES : 0;
    const chunks = chunkCount(bytes);
    for (let place = chunks; place < before.chunks; place += 1) {
      writes.set(chunkKey(layout.chunkPrefix, key, place), undefined);
    }
    if (!draft) {
      if (before.exists) writes.set(key, undefined);
      return;
    }
    if (!this.writing) throw new TypeError('this transaction only reads');
    const stamp = this.writing.nextStamp();
    if (before.exists && layout.indexes.length > 0)
      this.writing.memo.note(key, stamp, { exists: true, chunks, indexKeys });
    if (chunks === 0) {
      writes.set(key, sealInPlace(key, stamp, draft));
      return;
    }
    const sealed = sealRecord(key, layout.chunkPrefix, stamp, payloadIn(draft));
    writes.set(key, sealed.head);
    sealed.chunks.forEach((value, place) => writes.set(chunkKey(layout.chunkPrefix, key, place), value));
  }
}

function storedRow(space: string, place: number | undefined, { key, value }: KvEntry): Row {
  if (place === undefined) return { key, primary: key, value };
  return { key, primary: openIndexEntry(space, key, value) };
}

/**
 * What a caller gets: a promise whose failure ends no process if he has stopped waiting, as one does who has asked for
 * several things and fails at the first of them.
 */
function answer<T>(read: () => MaybePromise<T>): Promise<T> {
  try {
    const value = read();
    if (!(value instanceof Promise)) return Promise.resolve(value);
    value.catch(() => undefined);
    return value;
  } catch (error) {
    const failed = new Promise<T>(() => {
      throw error;
    });
    failed.catch(() => undefined);
    return failed;
  }
}

/** `value.then(next)`, at once where the driver answered at once: most reads of a local store need no promise. */
function then<A, B>(value: MaybePromise<A>, next: (value: A) => MaybePromise<B>): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function all<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  for (const value of values) if (value instanceof Promise) return Promise.all(values);
  return values as readonly T[];
}
