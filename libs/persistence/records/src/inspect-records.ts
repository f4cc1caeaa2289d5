import { COLLECTIONS, StoreError, type CollectionName } from '@state-server/persistence-port';
import { chunkKey, describeKey, joinChunks, openHead, openIndexEntry } from './envelope';
import { AFTER_ALL } from './key';
import { indexKeysOfDocument, keyOfDocument, layoutOf, type Layout } from './layout';
import { type KvEntry, type KvKey, type KvTransaction, KvTransient, type OrderedKv } from './ordered-kv';
import { decodePayload } from './payload';

/**
 * - `checksum`: a record, a chunk of one or an index entry is not what was written (SYNC P3);
 * - `misplaced`: a record stands under a key that is not its own;
 * - `chunk_orphan`: a part of a large record that no record has;
 * - `index_missing`: a record that one of its indexes does not lead to;
 * - `index_orphan`: an index entry that leads to no such record;
 * - `unreachable`: found by walking, not by asking for it, or out of order: the tree of the store is damaged;
 * - `unknown`: a key of no collection;
 * - `unreadable`: the store itself gave up while this part of it was walked.
 */
export type RecordFaultKind =
  | 'checksum'
  | 'misplaced'
  | 'chunk_orphan'
  | 'index_missing'
  | 'index_orphan'
  | 'unreachable'
  | 'unknown'
  | 'unreadable';

export interface RecordFault {
  readonly kind: RecordFaultKind;
  /** Collection, or collection and index. */
  readonly space: string;
  /** Names the record for people. */
  readonly record: string;
  /** The damaged key itself; for `index_missing` that of the entry that is not there. */
  readonly key: KvKey;
  readonly message: string;
}

/** What one collection takes: counts, and bytes of keys and values. */
export interface SpaceUsage {
  readonly collection: CollectionName;
  records: number;
  indexEntries: number;
  chunks: number;
  bytes: number;
}

export interface Inspection {
  readonly usage: readonly SpaceUsage[];
  /** Keys of all kinds. */
  readonly keys: number;
}

export interface InspectOptions {
  readonly onFault: (fault: RecordFault) => void;
  /** Every record whose checksum holds. */
  readonly onRecord?: (collection: CollectionName, document: Readonly<Record<string, unknown>>) => void;
  /** Before each page: where the walk stands. May throw to end it. */
  readonly onPage?: (position: { readonly keys: number; readonly space: string }) => void;
}

/** Keys in one snapshot: few enough that none lives for long beside writers. */
const PAGE = 500;
/** Fresh snapshots that may be lost one after the other before any key was inspected. */
const MOST_LOST = 10;
const PRIMARY_SPACE = 0;
const CHUNK_SPACE = 255;
/** Collection numbers start behind the drivers' own keys. */
const FIRST = '\x01';

/**
 * Walks every key of a store and checks each against its checksum, and records and indexes against each other. Works
 * beside writers: each page and all that it is compared with come from one snapshot. Nothing is written; memory is bounded
 * by a page.
 */
export async function inspectRecords(kv: OrderedKv, options: InspectOptions): Promise<Inspection> {
  const walk = new Walk(options);
  let from: KvKey = FIRST;
  while (from < AFTER_ALL) {
    options.onPage?.({ keys: walk.keys, space: spaceOf(from) });
    from = await inspectPage(kv, walk, from);
  }
  return { usage: walk.usage(), keys: walk.keys };
}

/** Answers where the next page begins. */
async function inspectPage(kv: OrderedKv, walk: Walk, from: KvKey): Promise<KvKey> {
  const tx = await kv.begin();
  let next = from;
  try {
    const entries = await tx.range(from, AFTER_ALL, { reverse: false, limit: PAGE });
    for (const entry of entries) {
      await walk.visit(tx, entry);
      next = `${entry.key}\x00`;
    }
    const last = entries.at(-1);
    if (!last || entries.length < PAGE) return AFTER_ALL;
    // A damaged tree may lead back: the walk goes on after what it has seen, or it would never end.
    return last.key >= from ? `${last.key}\x00` : nextCollection(from);
  } catch (error) {
    const reason = snapshotLost(kv, error);
    if (!reason) {
      walk.unreadable(from, error);
      return nextCollection(from);
    }
    walk.lost(next, reason);
    return next;
  } finally {
    tx.abandon();
  }
}

/** A store behind a network may be away, or keep no snapshot for that long: nothing is damaged by that. */
function snapshotLost(kv: OrderedKv, error: unknown): StoreError | undefined {
  if (error instanceof KvTransient) return error.final;
  return kv.isRemote && error instanceof StoreError && error.code === 'unavailable' ? error : undefined;
}

function nextCollection(key: KvKey): KvKey {
  return String.fromCharCode(Math.min(255, key.charCodeAt(0) + 1));
}

const NAMES = new Map<number, CollectionName>(
  (Object.keys(COLLECTIONS) as CollectionName[]).map((name) => [COLLECTIONS[name].id, name]),
);

function spaceOf(key: KvKey): string {
  return NAMES.get(key.charCodeAt(0)) ?? `collection ${key.charCodeAt(0)}`;
}

class Walk {
  keys = 0;
  private before: KvKey = '';
  /** Of the key that is being inspected: told when all that it is compared with was read. */
  private held: RecordFault[] = [];
  private lostAt: { readonly key: KvKey; readonly times: number } = { key: '', times: 0 };
  private readonly usageOf = new Map<CollectionName, SpaceUsage>();

  constructor(private readonly options: InspectOptions) {}

  usage(): SpaceUsage[] {
    return [...this.usageOf.values()];
  }

  unreadable(from: KvKey, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.held.forEach((fault) => this.options.onFault(fault));
    this.held = [];
    const message = `the walk could not go on from here: ${reason}`;
    this.options.onFault({
      kind: 'unreadable',
      space: spaceOf(from),
      record: describeKey(from),
      key: from,
      message,
    });
  }

  /** The snapshot was lost before this key. Throws the reason where that happens again and again. */
  lost(key: KvKey, reason: StoreError): void {
    this.lostAt = { key, times: this.lostAt.key === key ? this.lostAt.times + 1 : 1 };
    if (this.lostAt.times > MOST_LOST) throw reason;
  }

  /** Where it throws, nothing of this key was counted or told, and it may be visited again. */
  async visit(tx: KvTransaction, entry: KvEntry): Promise<void> {
    this.held = [];
    await this.inspect(tx, entry);
    this.keys += 1;
    this.before = entry.key;
    this.held.forEach((fault) => this.options.onFault(fault));
    this.held = [];
  }

  private async inspect(tx: KvTransaction, { key, value }: KvEntry): Promise<void> {
    const name = NAMES.get(key.charCodeAt(0));
    const layout = name && layoutOf(name);
    const space = key.charCodeAt(1);
    const index = layout?.indexes.findIndex(({ prefix }) => key.startsWith(prefix)) ?? -1;
    if (!layout || (space !== PRIMARY_SPACE && space !== CHUNK_SPACE && index < 0)) {
      this.fault('unknown', spaceOf(key), key, 'a key of no collection of this version');
      return;
    }
    await this.reach(tx, layout, key, value);
    try {
      if (space === PRIMARY_SPACE) await this.record(tx, layout, key, value);
      else if (space === CHUNK_SPACE) await this.chunk(tx, layout, key, value);
      else await this.indexEntry(tx, layout, index, key, value);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error;
      const where = index >= 0 ? (layout.indexes[index]?.name ?? layout.name) : layout.name;
      this.fault('checksum', where, key, error.message);
    }
    this.count(layout, space, key.length + value.byteLength);
  }

  /** What the walk finds must also be found by whoever asks for it, and stand after what was found before. */
  private async reach(tx: KvTransaction, layout: Layout, key: KvKey, value: Uint8Array): Promise<void> {
    const asked = await tx.get(key);
    const isSame = asked !== undefined && Buffer.compare(asked, value) === 0;
    if (!isSame) this.fault('unreachable', layout.name, key, 'walking finds it, asking for it does not');
    if (key <= this.before) this.fault('unreachable', layout.name, key, 'it stands out of order');
  }

  private async record(tx: KvTransaction, layout: Layout, key: KvKey, value: Uint8Array): Promise<void> {
    const document = await openDocument(tx, layout, key, value);
    if (tryOr(() => keyOfDocument(layout, document), undefined) !== key) {
      this.fault('misplaced', layout.name, key, 'the record stands under a key that is not its own');
      return;
    }
    const indexKeys = indexKeysOfDocument(layout, document);
    for (const [place, indexKey] of indexKeys.entries()) {
      if (indexKey === undefined) continue;
      const entry = await tx.get(indexKey);
      const { name } = layout.indexes[place] ?? layout.primary;
      const leads = entry && tryOr(() => openIndexEntry(name, indexKey, entry), undefined);
      // A damaged entry is told of where the walk comes to it.
      if (!entry || (leads !== undefined && leads !== key)) {
        const message = `it does not lead to ${layout.name} ${describeKey(key)}`;
        this.fault('index_missing', name, indexKey, message);
      }
    }
    this.options.onRecord?.(layout.name, document);
  }

  private async chunk(tx: KvTransaction, layout: Layout, key: KvKey, value: Uint8Array): Promise<void> {
    openHead(layout.name, key, value);
    const place = key.charCodeAt(key.length - 1);
    const recordKey = layout.primary.prefix + key.slice(layout.chunkPrefix.length, -1);
    const head = await tx.get(recordKey);
    const chunks = head ? tryOr(() => openHead(layout.name, recordKey, head).chunks, undefined) : 0;
    // The record itself is told of where it is damaged.
    if (chunks !== undefined && place >= chunks) {
      this.fault('chunk_orphan', layout.name, key, 'a part of a large record that no record has');
    }
  }

  private async indexEntry(
    tx: KvTransaction,
    layout: Layout,
    place: number,
    key: KvKey,
    value: Uint8Array,
  ): Promise<void> {
    const { name } = layout.indexes[place] ?? layout.primary;
    const primary = openIndexEntry(name, key, value);
    const stored = await tx.get(primary);
    if (!stored) {
      this.fault('index_orphan', name, key, `it leads to ${describeKey(primary)}, which is not there`);
      return;
    }
    let document: Readonly<Record<string, unknown>>;
    try {
      document = await openDocument(tx, layout, primary, stored);
    } catch {
      // Told of where the walk comes to the record.
      return;
    }
    if (indexKeysOfDocument(layout, document)[place] !== key) {
      this.fault('index_orphan', name, key, `it leads to ${describeKey(primary)}, which belongs elsewhere`);
    }
  }

  private count(layout: Layout, space: number, bytes: number): void {
    let usage = this.usageOf.get(layout.name);
    if (!usage) {
      usage = { collection: layout.name, records: 0, indexEntries: 0, chunks: 0, bytes: 0 };
      this.usageOf.set(layout.name, usage);
    }
    usage.bytes += bytes;
    if (space === PRIMARY_SPACE) usage.records += 1;
    else if (space === CHUNK_SPACE) usage.chunks += 1;
    else usage.indexEntries += 1;
  }

  private fault(kind: RecordFaultKind, space: string, key: KvKey, message: string): void {
    this.held.push({ kind, space, record: describeKey(key), key, message });
  }
}

/** The document of a stored record, its chunks included. Throws StoreError `corrupt`. */
export async function openDocument(
  tx: KvTransaction,
  layout: Layout,
  key: KvKey,
  value: Uint8Array,
): Promise<Readonly<Record<string, unknown>>> {
  const head = openHead(layout.name, key, value);
  if (head.chunks === 0) return decodePayload(head.rest);
  const chunks: (Uint8Array | undefined)[] = [];
  for (let place = 0; place < head.chunks; place += 1) {
    chunks.push(await tx.get(chunkKey(layout.chunkPrefix, key, place)));
  }
  return decodePayload(joinChunks(layout.name, key, layout.chunkPrefix, head, chunks));
}

function tryOr<T, U>(attempt: () => T, otherwise: U): T | U {
  try {
    return attempt();
  } catch {
    return otherwise;
  }
}
