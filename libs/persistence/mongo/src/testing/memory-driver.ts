import type { CollectionName } from '@state-server/persistence-port';
import {
  type Change,
  type FoundIndex,
  idOfChange,
  type MongoDriver,
  type MongoSession,
  type Query,
} from '../driver';
import { indexesOf } from '../indexes';
import type { StoredDocument } from '../stored-document';
import { TABLES } from '../tables';

type Documents = ReadonlyMap<string, StoredDocument>;

/** An error as MongoDB's driver throws it. */
export function mongoError(
  code: number | undefined,
  options: { name?: string; labels?: string[] } = {},
): Error {
  const { name = 'MongoServerError', labels = [] } = options;
  const error = new Error(`${name} ${code ?? ''}`);
  return Object.assign(error, { name, errorLabels: labels, ...(code !== undefined && { code }) });
}

/**
 * Documents in memory with MongoDB's rules as far as the adapter builds upon them: snapshots, and the first of two writers
 * wins. It shows that the adapter's translation is right, and nothing of MongoDB.
 */
export class MemoryDatabase {
  /** Committed documents by `collection/id`; each write makes a new object. */
  committed: Documents = new Map();
  /** Asked before each operation of a session; may throw or wait, as a server does. */
  onOperation: (operation: string) => void | Promise<void> = () => undefined;
  /** Asked when a commit was made: what it throws is the answer that was lost. */
  onCommitted: () => void = () => undefined;
  readonly built = new Set<CollectionName>(TABLES.map(({ name }) => name));
  sessions = 0;

  driver(): MongoDriver {
    return {
      session: () => new MemorySession(this),
      indexes: (collection) => Promise.resolve(this.built.has(collection) ? indexes(collection) : undefined),
      build: (collection) => {
        this.built.add(collection);
        return Promise.resolve();
      },
      ping: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
}

function indexes(collection: CollectionName): FoundIndex[] {
  const table = TABLES.find(({ name }) => name === collection);
  return table ? [...indexesOf(table)] : [];
}

class MemorySession implements MongoSession {
  private snapshot: Documents | undefined;
  private readonly own = new Map<string, StoredDocument | undefined>();
  private isStarted = false;
  private isBusy = false;

  constructor(private readonly database: MemoryDatabase) {
    database.sessions += 1;
  }

  start(): Promise<void> {
    this.isStarted = true;
    this.snapshot = undefined;
    this.own.clear();
    return Promise.resolve();
  }

  find(collection: CollectionName, query: Query): Promise<readonly StoredDocument[]> {
    return this.operation(`find ${collection}`, () => answer(this.visible(collection), query));
  }

  write(
    collection: CollectionName,
    changes: readonly Change[],
  ): Promise<{ readonly made: readonly string[] }> {
    return this.operation(`write ${collection}`, () => {
      const made: string[] = [];
      for (const change of changes) if (this.apply(collection, change)) made.push(change.id);
      return { made };
    });
  }

  async commit(): Promise<void> {
    await this.operation('commit', () => {
      const merged = new Map(this.database.committed);
      for (const [place, document] of this.own) {
        if (document) merged.set(place, document);
        else merged.delete(place);
      }
      // Whoever has a newer snapshot, or none, was looked at when the document was written; this is for two at once.
      for (const place of this.own.keys()) this.mustBeUnchanged(place);
      this.database.committed = merged;
      this.database.onCommitted();
    });
    this.isStarted = false;
  }

  end(): Promise<void> {
    this.database.sessions -= 1;
    this.isStarted = false;
    return Promise.resolve();
  }

  private async operation<T>(name: string, run: () => T): Promise<T> {
    if (this.isBusy) throw new Error(`${name} beside another operation of the session`);
    if (!this.isStarted) throw mongoError(251);
    this.isBusy = true;
    try {
      await this.database.onOperation(name);
      this.snapshot ??= this.database.committed;
      return run();
    } catch (error) {
      // As MongoDB does: an error gives the transaction up.
      this.isStarted = false;
      throw error;
    } finally {
      this.isBusy = false;
    }
  }

  private visible(collection: CollectionName): StoredDocument[] {
    const all = new Map<string, StoredDocument | undefined>([...(this.snapshot ?? []), ...this.own]);
    const prefix = `${collection}/`;
    return [...all].flatMap(([place, document]) => (document && place.startsWith(prefix) ? [document] : []));
  }

  private mustBeUnchanged(place: string): void {
    if (this.database.committed.get(place) !== this.snapshot?.get(place)) throw mongoError(112);
  }

  /** Answers whether a guard made a document. */
  private apply(collection: CollectionName, change: Change): change is Change & { kind: 'guard' } {
    const id = idOfChange(change);
    const place = `${collection}/${id}`;
    const before = this.own.has(place) ? this.own.get(place) : this.snapshot?.get(place);
    if (change.kind === 'delete' && !before) return false;
    this.mustBeUnchanged(place);
    switch (change.kind) {
      case 'replace':
        this.own.set(place, change.document);
        return false;
      case 'delete':
        this.own.set(place, undefined);
        return false;
      case 'guard':
        this.own.set(place, { ...before, _id: id, _guards: (before?._guards ?? 0) + 1 });
        return before === undefined;
      case 'patch':
        if (before) this.own.set(place, patched(before, change));
        return false;
      default:
        return change satisfies never;
    }
  }
}

function patched(before: StoredDocument, change: Change & { kind: 'patch' }): StoredDocument {
  const document: Record<string, unknown> = { ...before };
  const chunks: Record<string, unknown> = { ...before._chunks };
  const holderOf = (path: string): [Record<string, unknown>, string] =>
    path.startsWith('_chunks.') ? [chunks, path.slice('_chunks.'.length)] : [document, path];
  for (const [path, value] of Object.entries(change.set)) {
    const [holder, field] = holderOf(path);
    holder[field] = value;
  }
  for (const path of change.unset) {
    const [holder, field] = holderOf(path);
    Reflect.deleteProperty(holder, field);
  }
  if (Object.keys(chunks).length > 0) document['_chunks'] = chunks;
  return document as unknown as StoredDocument;
}

/** Text as MongoDB compares it: by its UTF-8 bytes. */
function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function answer(documents: readonly StoredDocument[], query: Query): StoredDocument[] {
  if (query.kind === 'ids') return documents.filter(({ _id }) => query.ids.includes(_id));
  const { field, from, below, reverse, limit, onlyChunked = false } = query;
  const textOf = (document: StoredDocument): string => {
    const text = document[field];
    return typeof text === 'string' ? text : '';
  };
  return documents
    .filter((document) => typeof document[field] === 'string' && (!onlyChunked || document._chunks))
    .filter((document) => compare(textOf(document), from) >= 0 && compare(textOf(document), below) < 0)
    .sort((left, right) => compare(textOf(left), textOf(right)) * (reverse ? -1 : 1))
    .slice(0, limit);
}
