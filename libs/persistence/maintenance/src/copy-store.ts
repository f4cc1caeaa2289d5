import type { Environment } from '@state-server/domain';
import {
  COLLECTIONS,
  type CollectionName,
  type Key,
  type Store,
  StoreError,
  type Transaction,
} from '@state-server/persistence-port';
import { advance, copyProgress, type CopyProgress, OF_THE_STORE, unfinished } from './copy-progress';
import { type CollectionDigest, digestCollection, digestOf } from './digest';
import { type Keyed, keyOf, pagesOf } from './pages';
import { closeToWriters, READ_ONLY_KEY, type ReadOnlyFlag } from './read-only-mode';

export type CopyEvent =
  /** Nobody begins a transaction any more; so many ms until those that had begun have ended. */
  | { readonly kind: 'waiting'; readonly ms: number }
  | { readonly kind: 'begun' | 'resumed'; readonly documents: number }
  /** So many are durable in the target. */
  | { readonly kind: 'copied' | 'reading'; readonly collection: CollectionName; readonly documents: number }
  | { readonly kind: 'verified'; readonly collection: CollectionName; readonly digest: CollectionDigest };

export interface CopyOptions {
  /** Neither is gated; both are of this version's format. */
  readonly source: Store;
  readonly target: Store;
  readonly environment: Environment;
  /** See CloseOptions. */
  readonly writerLifetimeMs?: number;
  readonly onEvent?: (event: CopyEvent) => void;
}

export interface CopyReport {
  readonly documents: number;
  readonly digests: Readonly<Partial<Record<CollectionName, CollectionDigest>>>;
  readonly flag: ReadOnlyFlag;
}

/** A third of what a transaction may write: index entries and keys come on top of the documents. */
const BATCH_BYTES = 300_000;
/** What a document takes beside itself: keys, checksums, index entries. */
const AROUND_BYTES = 600;

/** Records of transactions that run, by which their own process finds out about them: of no use to any other store. */
const NOT_COPIED: ReadonlySet<CollectionName> = new Set(['transactions']);

export const COPIED = (Object.keys(COLLECTIONS) as CollectionName[]).filter((name) => !NOT_COPIED.has(name));

/**
 * Closes the source to writers, copies all its data into an empty target, compares the two, and opens the target. Goes on
 * where an earlier run was ended, at whatever moment. The source stays closed: the system goes on in the target. Throws
 * words for people where it cannot be done, and StoreErrors.
 */
export async function copyStore(options: CopyOptions): Promise<CopyReport> {
  const { source, target, environment } = options;
  const present = await copyProgress(target);
  if (!present) await assertEmpty(target);
  const flag = await closeToWriters(source, environment, {
    reason: 'its data is being copied to another store',
    ...(options.writerLifetimeMs !== undefined && { writerLifetimeMs: options.writerLifetimeMs }),
    onWait: (ms) => options.onEvent?.({ kind: 'waiting', ms }),
  });
  const copy = new Copy(options, await begin(options, present, flag));
  if (!copy.hasEnded) {
    for (const collection of COPIED) await copy.collection(collection);
    for (const collection of COPIED) await copy.verify(collection);
    await copy.end();
  }
  return copy.report(flag);
}

async function begin(
  { target, environment, onEvent }: CopyOptions,
  present: CopyProgress | undefined,
  { token }: ReadOnlyFlag,
): Promise<CopyProgress> {
  if (present && present.token !== token) {
    throw new Error(
      present.ended_at === undefined
        ? 'the source was opened to writers since this copy was begun: empty the target and begin anew'
        : 'the target holds a copy that has ended: copy into an empty one',
    );
  }
  const documents = Object.values(present?.copied ?? {}).reduce((sum, one) => sum + one.documents, 0);
  onEvent?.({ kind: present ? 'resumed' : 'begun', documents });
  if (present) return present;
  const begun_at = new Date(environment.clock.now()).toISOString();
  const fresh: CopyProgress = { token, begun_at, copied: {}, verified: {} };
  await advance(target, undefined, fresh, (tx) => {
    tx.put('meta', { key: READ_ONLY_KEY, value: unfinished(token, begun_at) });
  });
  return fresh;
}

async function assertEmpty(target: Store): Promise<void> {
  for (const collection of COPIED) {
    const limit = OF_THE_STORE.size + 1;
    const found = await target.read({ label: 'store.copy' }, (tx) =>
      tx.range(collection, { prefix: [], limit }),
    );
    const data = found.filter((document) => !isOfTheStore(collection, keyOf(collection, document)));
    if (data.length > 0) throw new Error(`the target is not empty: there are ${collection} in it`);
  }
}

const isOfTheStore = (collection: CollectionName, [key]: Key): boolean =>
  collection === 'meta' && OF_THE_STORE.has(key);

class Copy {
  constructor(
    private readonly options: CopyOptions,
    private progress: CopyProgress,
  ) {}

  get hasEnded(): boolean {
    return this.progress.ended_at !== undefined;
  }

  async collection(name: CollectionName): Promise<void> {
    const before = this.progress.copied[name];
    if (before?.done) return;
    for await (const page of pagesOf(this.options.source, name, before?.after)) {
      for (const batch of batchesOf(name, page)) await this.write(name, batch);
    }
    const { documents = 0 } = this.progress.copied[name] ?? {};
    await this.advance({ copied: { ...this.progress.copied, [name]: { documents, done: true } } });
  }

  /** Both are read: what the target holds is compared with what the source holds now, not with what was read before. */
  async verify(name: CollectionName): Promise<void> {
    if (this.progress.verified[name]) return;
    const { source, target, environment, onEvent } = this.options;
    const digest = (store: Store): Promise<CollectionDigest> =>
      digestCollection(store, name, {
        aliveAt,
        without: (key) => isOfTheStore(name, key),
        onPage: (documents) => onEvent?.({ kind: 'reading', collection: name, documents }),
      });
    const aliveAt = new Date(environment.clock.now()).toISOString();
    const [there, here] = [await digest(source), await digest(target)];
    if (there.documents !== here.documents || there.sum !== here.sum) {
      throw new Error(
        `${name} differs: ${there.documents} documents (${there.sum.slice(0, 12)}…) in the source, ` +
          `${here.documents} (${here.sum.slice(0, 12)}…) in the target: empty the target and copy again`,
      );
    }
    await this.advance({ verified: { ...this.progress.verified, [name]: here } });
    onEvent?.({ kind: 'verified', collection: name, digest: here });
  }

  /** From here on services may use it. */
  async end(): Promise<void> {
    const ended_at = new Date(this.options.environment.clock.now()).toISOString();
    await this.advance({ ended_at }, (tx) => tx.delete('meta', [READ_ONLY_KEY]));
  }

  report(flag: ReadOnlyFlag): CopyReport {
    const digests = this.progress.verified;
    const documents = Object.values(digests).reduce((sum, one) => sum + one.documents, 0);
    return { documents, digests, flag };
  }

  private async write<Name extends CollectionName>(name: Name, batch: readonly Keyed<Name>[]): Promise<void> {
    const last = batch.at(-1);
    if (!last) return;
    const documents = (this.progress.copied[name]?.documents ?? 0) + batch.length;
    const copied = { ...this.progress.copied, [name]: { after: last.key, documents } };
    try {
      await this.advance({ copied }, (tx) => {
        for (const { key, document } of batch) if (!isOfTheStore(name, key)) tx.put(name, document);
      });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'too_large' || batch.length === 1) throw error;
      const half = batch.length >> 1;
      await this.write(name, batch.slice(0, half));
      await this.write(name, batch.slice(half));
      return;
    }
    this.options.onEvent?.({ kind: 'copied', collection: name, documents });
  }

  private async advance(change: Partial<CopyProgress>, step?: (tx: Transaction) => void): Promise<void> {
    const next = { ...this.progress, ...change };
    await advance(this.options.target, this.progress, next, step);
    this.progress = next;
  }
}

function* batchesOf<Name extends CollectionName>(
  name: Name,
  page: readonly Keyed<Name>[],
): Generator<readonly Keyed<Name>[]> {
  let batch: Keyed<Name>[] = [];
  let bytes = 0;
  for (const one of page) {
    const size = digestOf(name, one.document).bytes + AROUND_BYTES;
    if (batch.length > 0 && bytes + size > BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(one);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
