import type { BraneId, BraneMeta, Environment } from '@state-server/domain';
import type { CheckpointDoc, Store } from '@state-server/persistence-port';
import { type Breathe, breather } from '../breathe';
import { isCorrupt, withReadErrors } from '../errors';
import type { Position } from '../read';
import type { ChunkRef } from './chunk';
import { collectState } from './collect-state';
import { leadsOn, type Manifest, readManifest } from './manifest';
import { isLeaving } from './scan-objects';
import { ChunkGone, readChunks } from './shelf';

/** Objects of a brane, encoded as they go on the wire, one behind the other. */
export interface StateChunk {
  /** Of a chunk of a checkpoint: the same key is the same bytes, in whatever checkpoint of the brane it stands. */
  readonly key?: string;
  readonly objects: number;
  readonly bytes: Uint8Array;
}

/** A brane's state at one place in its log. */
export interface BraneState extends Position {
  readonly meta: BraneMeta;
  readonly chunks: readonly StateChunk[];
  readonly from: 'checkpoint' | 'objects';
}

export interface ReadStateOptions {
  /** With it the event loop gets its turn every few milliseconds, however large the brane is. */
  readonly environment?: Pick<Environment, 'clock' | 'timers'>;
  /** Chunks that the reader holds already need not be read. */
  readonly known?: (key: string) => StateChunk | undefined;
}

/** Chunks in one read of the store. */
const BATCH = 8;
/** Checkpoints that are replaced, and swept away, while they are being read. */
const TRIES = 3;
/**
 * The newest checkpoint of a brane (SYNC R2): undefined when there is none from which the log leads on, or when it is
 * damaged. Its chunks are immutable; they are read in short transactions.
 */
export async function readCheckpoint(
  store: Store,
  braneId: BraneId,
  options: ReadStateOptions = {},
): Promise<BraneState | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await withReadErrors(readOnce(store, braneId, options));
    } catch (error) {
      if (isCorrupt(error)) return undefined;
      if (!(error instanceof ChunkGone)) throw error;
      if (tries === TRIES) return undefined;
    }
  }
}

export interface CheckpointPosition extends Position {
  readonly objects: number;
}

/** Where the newest checkpoint stands; undefined as above. Cheap. */
export async function readCheckpointPosition(
  store: Store,
  braneId: BraneId,
): Promise<CheckpointPosition | undefined> {
  return withReadErrors(
    store.read({ label: 'checkpoint.position' }, async (tx) => {
      const [head] = await tx.getMany('heads', [[braneId]]);
      const [pointer] = await tx.getMany('checkpoints', [[braneId]]);
      if (!head || !pointer || isLeaving({ head }) || !leadsOn(head, pointer)) return undefined;
      return { epoch: pointer.epoch, seq: pointer.seq, objects: pointer.objects };
    }),
  );
}

/** The state as it is now, from the objects themselves; undefined when there is no such brane, or it is being purged. */
export async function readState(
  store: Store,
  braneId: BraneId,
  { environment }: ReadStateOptions = {},
): Promise<BraneState | undefined> {
  const collected = await withReadErrors(collectState(store, braneId, environment));
  if (!collected) return undefined;
  const { manifest, chunks } = collected;
  const { epoch, seq, meta } = manifest;
  return {
    epoch,
    seq,
    meta,
    from: 'objects',
    chunks: chunks.map(({ lengths, bytes }) => ({ objects: lengths.length, bytes })),
  };
}

async function readOnce(
  store: Store,
  braneId: BraneId,
  { environment, known }: ReadStateOptions,
): Promise<BraneState | undefined> {
  const manifest = await store.read({ label: 'checkpoint.manifest' }, async (tx) => {
    const [head] = await tx.getMany('heads', [[braneId]]);
    const [pointer] = await tx.getMany('checkpoints', [[braneId]]);
    if (!head || !pointer || isLeaving({ head }) || !leadsOn(head, pointer)) return undefined;
    return readManifest(tx, pointer);
  });
  if (!manifest) return undefined;
  const chunks = await readAll(store, manifest, breather(environment), known);
  const { epoch, seq, meta } = manifest;
  return { epoch, seq, meta, chunks, from: 'checkpoint' };
}

/** The state of one that the pointer does not name (any more). Throws ChunkGone, and what is damaged. */
export async function readStateOf(store: Store, doc: CheckpointDoc): Promise<BraneState> {
  const manifest = await store.read({ label: 'checkpoint.manifest' }, (tx) => readManifest(tx, doc));
  const chunks = await readAll(store, manifest, breather(undefined), undefined);
  const { epoch, seq, meta } = manifest;
  return { epoch, seq, meta, chunks, from: 'checkpoint' };
}

async function readAll(
  store: Store,
  { brane_id, chunks }: Manifest,
  breathe: Breathe,
  known: ReadStateOptions['known'],
): Promise<StateChunk[]> {
  const found = chunks.map((ref) => known?.(keyOf(ref)));
  const missing = chunks.flatMap((ref, index) => (found[index] ? [] : [{ ref, index }]));
  for (let start = 0; start < missing.length; start += BATCH) {
    const batch = missing.slice(start, start + BATCH);
    const docs = await readChunks(
      store,
      brane_id,
      batch.map(({ ref }) => ref),
    );
    batch.forEach(({ ref, index }, place) => {
      const doc = docs[place];
      if (doc) found[index] = { key: keyOf(ref), objects: doc.lengths.length, bytes: doc.bytes };
    });
    await breathe();
  }
  return found.filter((chunk) => chunk !== undefined);
}

function keyOf({ build, number }: ChunkRef): string {
  return `${build}/${number}`;
}
