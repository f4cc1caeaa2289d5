import { type CollectionName, StoreError } from '@state-server/persistence-port';
import {
  KvConflict,
  KvOutcomeUnknown,
  KvTransient,
  type KvChanges,
  type KvEntry,
  type KvKey,
  type KvRangeOptions,
  type KvTransaction,
  type MaybePromise,
  primaryKey,
} from '@state-server/persistence-records';
import { idOfChange, type MongoSession, type Query } from './driver';
import { failureOf, isRefusedCommit, isWorthAsking } from './failures';
import { entryOf, idOf, ownerOfEntry, primaryOf, type StoredDocument } from './stored-document';
import { tableOf, placeOf, type Table } from './tables';
import { queryOf, type Walk, walksOf } from './walks';
import { LostDocuments } from './waiting-lines';
import { planOf } from './write-plan';

/** Ids in one query. */
const MAX_IDS = 1_000;
/** Of the first operation of a transaction, which nobody has built upon yet: a connection may have died unnoticed. */
const FRESH_STARTS = 2;
/** How often one commit is asked for; each time the driver itself asks twice. */
const COMMIT_QUESTIONS = 3;

const META = tableOf('meta');
const READ_ONLY_FLAG = primaryKey(META.layout, ['read_only']);

interface Wanted {
  readonly primary: KvKey;
  readonly table: Table;
  readonly resolve: (document: StoredDocument | undefined) => void;
  readonly reject: (error: unknown) => void;
}

type State = 'open' | 'committing' | 'ended';

/**
 * One attempt in one session. Whatever is asked for in the same moment goes in one query for each collection, and no
 * operation begins before the one before it has ended.
 */
export class MongoTransaction implements KvTransaction {
  private state: State = 'open';
  private tail: Promise<unknown> = Promise.resolve();
  private readonly loaded = new Map<KvKey, StoredDocument | undefined>();
  private wanted: Wanted[] = [];
  /** The first failure: the server has given the transaction up, whatever the callback makes of it. */
  private failure: Error | undefined;
  private isBegun = false;

  constructor(
    private readonly session: MongoSession,
    /** Called once, when it has ended. */
    private readonly onEnd: () => void = () => undefined,
  ) {}

  /** Takes the snapshot now, by a read that whoever writes will ask for (see `gatedStore`). */
  async takeSnapshot(): Promise<void> {
    await this.load(META, READ_ONLY_FLAG);
  }

  get(key: KvKey): MaybePromise<Uint8Array | undefined> {
    const place = placeOf(key);
    if (!place) return undefined;
    const { table } = place;
    switch (place.kind) {
      case 'record':
        return then(this.load(table, key), (document) => document?._record);
      case 'chunk':
        return then(this.load(table, place.primary), (document) => document?._chunks?.[String(place.number)]);
      case 'index': {
        const owner = ownerOfEntry(table, place.index, key);
        if (owner === undefined) return undefined;
        return then(this.load(table, owner), (document) => {
          const entry = document && entryOf(table, place.index, document);
          return entry?.key === key ? entry.value : undefined;
        });
      }
      default:
        return place satisfies never;
    }
  }

  async range(start: KvKey, end: KvKey, options: KvRangeOptions): Promise<readonly KvEntry[]> {
    this.mustBeOpen();
    const walks = walksOf(start, end);
    if (options.reverse) walks.reverse();
    const found: KvEntry[] = [];
    for (const walk of walks) {
      const rest = { ...options, limit: options.limit - found.length };
      if (rest.limit <= 0) break;
      const isWithin = ({ key }: KvEntry): boolean => key >= start && key < end;
      for (const entry of await this.follow(walk, isWithin, rest)) found.push(entry);
    }
    return found;
  }

  async commit(changes: KvChanges): Promise<void> {
    this.mustBeOpen();
    for (const { collection, changes: now, deletions } of planOf(changes)) {
      const documents = [...now, ...deletions].map((change) => `${collection}/${idOfChange(change)}`);
      const { made } =
        now.length > 0
          ? await this.perform(() => this.session.write(collection, now), documents)
          : { made: [] as readonly string[] };
      const gone = [...deletions, ...made.map((id) => ({ kind: 'delete' as const, id }))];
      if (gone.length > 0) await this.perform(() => this.session.write(collection, gone), documents);
    }
    // From here on it cannot be taken back.
    this.mustBeOpen();
    this.state = 'committing';
    try {
      await this.askToCommit();
    } finally {
      this.state = 'ended';
      this.end();
    }
  }

  /**
   * A commit whose answer was lost is asked for again in the same session: the server knows what became of it, and does it
   * where the question was lost as well. Otherwise it would hold what it has written for as long as it waits for more.
   */
  private async askToCommit(): Promise<void> {
    for (let asked = 1; ; asked += 1) {
      try {
        await this.session.commit();
        return;
      } catch (error) {
        if (asked === 1 && isRefusedCommit(error)) throw new KvConflict();
        if (asked >= COMMIT_QUESTIONS || !isWorthAsking(error)) throw new KvOutcomeUnknown({ cause: error });
      }
    }
  }

  async confirm(): Promise<void> {
    this.mustBeOpen();
    await this.tail;
    this.mustBeOpen();
    this.state = 'ended';
    try {
      // What was read may stand on a server that is no longer the first; only a majority says that it stays.
      if (this.isBegun) await this.session.commit();
    } catch (error) {
      const failure = failureOf(error);
      throw failure instanceof StoreError ? new KvTransient(failure) : failure;
    } finally {
      this.end();
    }
  }

  abandon(): 'stopped' | 'running' {
    if (this.state === 'committing') return 'running';
    if (this.state === 'ended') return 'stopped';
    this.state = 'ended';
    // Never beside an operation; it is waited for by nobody.
    void this.tail.then(() => this.end());
    return 'stopped';
  }

  private end(): void {
    void this.session.end();
    this.onEnd();
  }

  private mustBeOpen(): void {
    if (this.failure) throw this.failure;
    if (this.state !== 'open') throw new StoreError('unavailable', 'the snapshot has ended');
  }

  private load(table: Table, primary: KvKey): MaybePromise<StoredDocument | undefined> {
    this.mustBeOpen();
    if (this.loaded.has(primary)) return this.loaded.get(primary);
    return new Promise((resolve, reject) => {
      if (this.wanted.length === 0) queueMicrotask(() => void this.loadWanted());
      this.wanted.push({ primary, table, resolve, reject });
    });
  }

  private async loadWanted(): Promise<void> {
    const { wanted } = this;
    this.wanted = [];
    const tables = new Map<Table, Wanted[]>();
    for (const each of wanted) tables.set(each.table, [...(tables.get(each.table) ?? []), each]);
    for (const [table, group] of tables) {
      try {
        await this.loadIds(table, [...new Set(group.map(({ primary }) => primary))]);
        for (const { primary, resolve } of group) resolve(this.loaded.get(primary));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
  }

  private async loadIds(table: Table, primaries: readonly KvKey[]): Promise<void> {
    for (let at = 0; at < primaries.length; at += MAX_IDS) {
      const page = primaries.slice(at, at + MAX_IDS).filter((primary) => !this.loaded.has(primary));
      if (page.length === 0) continue;
      for (const document of await this.find(table.name, {
        kind: 'ids',
        ids: page.map((primary) => idOf(table, primary)),
      })) {
        this.loaded.set(primaryOf(table, document._id), document);
      }
      for (const primary of page) if (!this.loaded.has(primary)) this.loaded.set(primary, undefined);
    }
  }

  private async follow(
    walk: Walk,
    isWithin: (entry: KvEntry) => boolean,
    { reverse, limit }: KvRangeOptions,
  ): Promise<readonly KvEntry[]> {
    const found: KvEntry[] = [];
    for (let after: string | undefined; found.length < limit;) {
      // A document may hold several of the keys, or only some that lie outside.
      const page = limit - found.length;
      const documents = await this.find(walk.table.name, queryOf(walk, after, reverse, page));
      for (const document of documents) {
        this.loaded.set(primaryOf(walk.table, document._id), document);
        const entries = walk.entries(document).filter(isWithin);
        found.push(...(reverse ? [...entries].reverse() : entries));
      }
      const last = documents.at(-1)?.[walk.field];
      if (documents.length < page || typeof last !== 'string') break;
      after = last;
    }
    return found.slice(0, limit);
  }

  private find(collection: CollectionName, query: Query): Promise<readonly StoredDocument[]> {
    return this.perform(() => this.session.find(collection, query));
  }

  /** After all operations before it. */
  private perform<T>(operation: () => Promise<T>, documents: readonly string[] = []): Promise<T> {
    const result = this.tail.then(() => this.attempt(operation, documents));
    this.tail = result.catch(() => undefined);
    return result;
  }

  private async attempt<T>(operation: () => Promise<T>, documents: readonly string[]): Promise<T> {
    for (let starts = 0; ; starts += 1) {
      this.mustBeOpen();
      try {
        if (!this.isBegun) await this.session.start();
        const answer = await operation();
        this.isBegun = true;
        return answer;
      } catch (error) {
        const known = failureOf(error);
        const failure = known instanceof KvConflict ? new LostDocuments(documents) : known;
        const isFirst = !this.isBegun && starts < FRESH_STARTS;
        if (isFirst && failure instanceof KvTransient) continue;
        this.failure ??= failure;
        throw failure;
      }
    }
  }
}

/** `value.then(next)`, at once where the document is here already. */
function then<A, B>(value: MaybePromise<A>, next: (value: A) => B): MaybePromise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}
