import type { Environment } from '@state-server/domain';
import { type CollectionName, type IndexName, StoreError } from '@state-server/persistence-port';
import { sealIndexEntry, type Stamp } from './envelope';
import { IndexMemo } from './index-memo';
import { openDocument } from './inspect-records';
import { AFTER_ALL } from './key';
import { indexKeysOfDocument, type KeySpace, type Layout, layoutOf } from './layout';
import { KvConflict, type KvEntry, type KvKey, KvOutcomeUnknown, type OrderedKv } from './ordered-kv';
import { RecordTransaction } from './record-transaction';
import { UPGRADE_KEY, type UpgradeProgress, upgradeProgress } from './upgrade-progress';

/** One index of the table. */
export type IndexRef = {
  [Name in CollectionName]: { readonly collection: Name; readonly index: IndexName<Name> };
}[CollectionName];

export interface BuildIndexOptions {
  /** After each transaction: records looked at so far. */
  readonly onProgress?: (records: number) => void;
  /** Records in one transaction; index entries of so many stay far below the limits. */
  readonly page?: number;
}

const PAGE = 200;
const RETRY_MS = 20;

/**
 * Fills an index that is in the table from the records that were there before it was. In bounded transactions, each of which
 * also says how far it has come: a process that is killed is followed by one that goes on from there, and two at once share
 * the work. A record that fails its checksum is left out: nothing could be found by it, and `store check` names it.
 * Answers the number of records.
 */
export async function buildIndex(
  kv: OrderedKv,
  environment: Environment,
  { collection, index }: IndexRef,
  options: BuildIndexOptions = {},
): Promise<number> {
  const layout = layoutOf(collection);
  const place = layout.indexPlace.get(index);
  const space = place === undefined ? undefined : layout.indexes[place];
  if (place === undefined || !space) throw new TypeError(`${collection} has no index '${index}'`);
  const build: Build = {
    kv,
    layout,
    space,
    place,
    page: options.page ?? PAGE,
    nextStamp: stamps(environment),
  };
  for (;;) {
    const step = await buildPage(build);
    if (step.kind === 'built') return step.records;
    if (step.kind === 'page') options.onProgress?.(step.records);
    else await pause(environment);
  }
}

interface Build {
  readonly kv: OrderedKv;
  readonly layout: Layout;
  readonly space: KeySpace;
  readonly place: number;
  readonly page: number;
  readonly nextStamp: () => Stamp;
}

type Step =
  | { readonly kind: 'built' | 'page'; readonly records: number }
  /** Somebody else was faster, or nobody knows: the progress record tells. */
  | { readonly kind: 'again' };

async function buildPage(build: Build): Promise<Step> {
  const { kv, layout, space } = build;
  const tx = await kv.begin();
  try {
    const records = new RecordTransaction(tx, { nextStamp: build.nextStamp, memo: new IndexMemo() });
    const progress = upgradeProgress(await records.get('meta', [UPGRADE_KEY]));
    const built = progress.built[space.name];
    if (built !== undefined) return { kind: 'built', records: built };
    const { cursor, records: before } = progress.building[space.name] ?? { cursor: '', records: 0 };
    const from = cursor === '' ? layout.primary.prefix : `${cursor}\x00`;
    const end = layout.primary.prefix + AFTER_ALL;
    const page = await tx.range(from, end, { reverse: false, limit: build.page });
    const writes = new Map<KvKey, Uint8Array | undefined>();
    for (const entry of page) {
      const key = await indexKeyOf(build, tx, entry);
      if (key !== undefined) writes.set(key, sealIndexEntry(key, entry.key));
    }
    const done = before + page.length;
    const last = page.length < build.page ? undefined : page.at(-1)?.key;
    records.put('meta', { key: UPGRADE_KEY, value: advanced(progress, space.name, done, last) });
    const own = await records.changes('store.build_index');
    for (const [key, value] of own.writes) writes.set(key, value);
    let bytes = 0;
    for (const [key, value] of writes) bytes += key.length + (value?.byteLength ?? 0);
    // A record that changes at this moment would leave an entry behind that nobody knows of.
    const guards = [...own.guards, ...page.map(({ key }) => key)];
    await tx.commit({ label: 'store.build_index', guards, writes, bytes });
    return { kind: last === undefined ? 'built' : 'page', records: done };
  } catch (error) {
    if (error instanceof KvConflict || error instanceof KvOutcomeUnknown) return { kind: 'again' };
    throw error;
  } finally {
    tx.abandon();
  }
}

async function indexKeyOf(
  { layout, place }: Build,
  tx: Parameters<typeof openDocument>[0],
  { key, value }: KvEntry,
): Promise<KvKey | undefined> {
  try {
    return indexKeysOfDocument(layout, await openDocument(tx, layout, key, value))[place];
  } catch (error) {
    if (error instanceof StoreError && error.code === 'corrupt') return undefined;
    throw error;
  }
}

function advanced(
  progress: UpgradeProgress,
  name: string,
  records: number,
  cursor: KvKey | undefined,
): UpgradeProgress {
  const { [name]: _, ...building } = progress.building;
  return cursor === undefined
    ? { building, built: { ...progress.built, [name]: records } }
    : { building: { ...building, [name]: { cursor, records } }, built: progress.built };
}

function stamps({ random }: Environment): () => Stamp {
  const high = Math.floor(random.next() * 2 ** 32);
  let low = 0;
  return () => ({ high, low: low++ });
}

function pause({ random, timers }: Environment): Promise<void> {
  return new Promise((resolve) => {
    timers.set(Math.floor(random.next() * RETRY_MS), resolve);
  });
}
