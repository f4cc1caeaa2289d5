import { type BraneId, newMeta, type ObjectId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { CheckpointDoc, HeadDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { type Breathe, breather } from '../breathe';
import { isCorrupt, withReadErrors } from '../errors';
import type { Position } from '../read';
import { advance, LogGone } from './advance';
import type { Chunk, ChunkRef } from './chunk';
import { STRETCH } from './collect-state';
import { Diverged } from './log-patch';
import type { Manifest } from './manifest';
import { manifestOf } from './milestones';
import type { BraneState, ReadStateOptions, StateChunk } from './read-checkpoint';
import { isLeaving } from './scan-objects';
import { ChunkGone, MemoryShelf, readChunks, type Shelf } from './shelf';

/** The state at one place of the log, and where the log stands now. */
export interface PastState extends BraneState {
  readonly head: Position;
}

/** Chunks in one read of the store. */
const BATCH = 8;
/** Milestones that are swept away, or a log that is trimmed, while they are being read. */
const TRIES = 3;

/**
 * The brane as the entry `seq` left it: the nearest checkpoint at or below, and the log after it (SYNC R2). Undefined when
 * there is no such brane, or it is being purged. Throws `history.ahead` above the head, `history.too_old` where the log does
 * not reach back so far (SYNC R3): `details.from` is the first seq that can be had.
 */
export async function readStateAt(
  store: Store,
  braneId: BraneId,
  seq: number,
  options: Pick<ReadStateOptions, 'environment'> = {},
): Promise<PastState | undefined> {
  let below = seq;
  for (let tries = 1; ; tries += 1) {
    const base = await withReadErrors(
      store.read({ label: 'history.base' }, (tx) => findBase(tx, braneId, seq, below)),
    );
    if (!base) return undefined;
    try {
      const state = await withReadErrors(replay(store, base, seq, breather(options.environment)));
      return { ...state, epoch: base.head.epoch, head: { epoch: base.head.epoch, seq: base.head.seq } };
    } catch (error) {
      // What is damaged is passed over: an earlier one leads there as well, by more of the log.
      if (isCorrupt(error) || error instanceof Diverged) below = base.manifest.seq - 1;
      else if (!(error instanceof ChunkGone || error instanceof LogGone)) throw error;
      if (tries === TRIES || below < 0) throw error;
    }
  }
}

/** Throws what `readStateAt` would; cheap. */
export async function hasStateAt(store: Store, braneId: BraneId, seq: number): Promise<void> {
  const base = await withReadErrors(
    store.read({ label: 'history.base' }, (tx) => findBase(tx, braneId, seq, seq)),
  );
  if (!base) throw fail('brane.not_found', { id: braneId });
}

interface Base {
  readonly head: HeadDoc;
  readonly manifest: Manifest;
}

async function findBase(
  tx: ReadTransaction,
  braneId: BraneId,
  seq: number,
  below: number,
): Promise<Base | undefined> {
  const head = await tx.get('heads', [braneId]);
  if (!head || isLeaving({ head })) return undefined;
  if (seq > head.seq) throw fail('history.ahead', { seq, head: head.seq });
  for (let highest = below; ;) {
    const nearest = await nearestBelow(tx, braneId, highest);
    if (!nearest || (nearest.seq !== seq && nearest.seq + 1 < head.log_floor)) break;
    const manifest = await manifestOf(tx, nearest);
    if (manifest) return { head, manifest };
    highest = nearest.seq - 1;
  }
  const [first] = head.log_floor > 1 ? [] : await tx.range('log', { prefix: [braneId], limit: 1 });
  if (!first) throw fail('history.too_old', { seq, from: await firstServed(tx, head) });
  const meta = newMeta({ id: braneId, name: '', visibility: 'private', owner: first.actor, at: first.at });
  return {
    head,
    manifest: { brane_id: braneId, epoch: head.epoch, seq: 0, reached: 0, meta, chunks: [] },
  };
}

async function nearestBelow(
  tx: ReadTransaction,
  braneId: BraneId,
  highest: number,
): Promise<CheckpointDoc | undefined> {
  const [pointer] = await tx.getMany('checkpoints', [[braneId]]);
  const [milestone] = await tx.range('milestones', {
    prefix: [braneId],
    lte: [highest],
    reverse: true,
    limit: 1,
  });
  return pointer && pointer.seq <= highest && pointer.seq > (milestone?.seq ?? 0) ? pointer : milestone;
}

/** The first seq whose state can be had. */
async function firstServed(tx: ReadTransaction, { brane_id, log_floor, seq }: HeadDoc): Promise<number> {
  const [milestone] = await tx.range('milestones', {
    prefix: [brane_id],
    gte: [log_floor - 1],
    limit: 1,
  });
  const [pointer] = await tx.getMany('checkpoints', [[brane_id]]);
  return milestone?.seq ?? pointer?.seq ?? seq;
}

async function replay(store: Store, base: Base, seq: number, breathe: Breathe): Promise<BraneState> {
  const shelf = new OverlayShelf(store, base.manifest.brane_id);
  const lost = new Set<ObjectId>();
  // Entries carry the epoch of their time; the log of this store is one all the same (SYNC L3).
  let manifest = base.manifest;
  while (manifest.seq < seq) {
    ({ manifest } = await advance({ store, shelf, breathe, anyEpoch: true }, manifest, seq, STRETCH, lost));
  }
  for (const id of lost) throw new Diverged(id, seq, 'the object is not there');
  const { epoch, meta } = manifest;
  return { epoch, seq, meta, from: 'checkpoint', chunks: await shelf.all(manifest.chunks, breathe) };
}

/** What is made stays in memory; what is stored is read. */
class OverlayShelf implements Shelf {
  private readonly own = new MemoryShelf(OWN);

  constructor(
    private readonly store: Store,
    private readonly braneId: BraneId,
  ) {}

  put(first: ObjectId, chunk: Chunk): Promise<ChunkRef> {
    return this.own.put(first, chunk);
  }

  async get(ref: ChunkRef): Promise<Chunk> {
    if (ref.build === OWN) return this.own.get(ref);
    const [chunk] = await readChunks(this.store, this.braneId, [ref]);
    if (!chunk) throw new ChunkGone(ref);
    return chunk;
  }

  async all(refs: readonly ChunkRef[], breathe: Breathe): Promise<StateChunk[]> {
    const chunks: StateChunk[] = [];
    for (let start = 0; start < refs.length; start += BATCH) {
      const batch = refs.slice(start, start + BATCH);
      const stored = batch.filter(({ build }) => build !== OWN);
      const read = stored.length === 0 ? [] : await readChunks(this.store, this.braneId, stored);
      const found = new Map(stored.map((ref, index) => [ref, read[index]]));
      for (const ref of batch) {
        const { lengths, bytes } = found.get(ref) ?? (await this.own.get(ref));
        chunks.push({ objects: lengths.length, bytes });
      }
      await breathe();
    }
    return chunks;
  }
}

/** No build has this name. */
const OWN = '';
