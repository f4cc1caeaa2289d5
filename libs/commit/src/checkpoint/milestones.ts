import type { BraneId } from '@state-server/domain';
import {
  type CheckpointDoc,
  type CheckpointGarbageDoc,
  type MilestoneDoc,
  type ReadTransaction,
  type Store,
  StoreError,
  type Transaction,
} from '@state-server/persistence-port';
import type { ChunkRef } from './chunk';
import { type Manifest, PagesLost, readManifest } from './manifest';
import { BuildLost, type StoreShelf } from './store-shelf';

/**
 * How far apart milestones may stand, in entries of the log and in bytes of their frames: the most that has to be replayed to
 * come to any seq, as long as checkpoints are made in time.
 */
export interface MilestoneGap {
  readonly entries: number;
  readonly bytes: number;
}

export const MILESTONE_GAP: MilestoneGap = { entries: 2_000, bytes: 8 * 1024 * 1024 };

/*
 * Whose is a chunk? Checkpoints are made one from the other, so a chunk belongs to a stretch of that chain without a gap: where
 * two of them have it, all between them have it, too. So who takes one away looks at its neighbours only. Those that were
 * filled in later stand beside the chain, and are always looked at together with the next one in it.
 */

/** What becomes of the present checkpoint when the next one is published. */
export interface Succession {
  /** As the pointer names it, whatever it is worth. */
  readonly pointer: CheckpointDoc | undefined;
  readonly manifest: Manifest | undefined;
  /** Stays as a milestone. */
  readonly kept: CheckpointDoc | undefined;
  /** The last milestone of the chain before it, and what that names. */
  readonly last: { readonly doc: MilestoneDoc; readonly manifest: Manifest } | undefined;
}

/** `present`: the pointer, unless what it names is not to be trusted. */
export async function succeed(
  store: Store,
  before: {
    readonly pointer: CheckpointDoc | undefined;
    readonly manifest: Manifest | undefined;
    readonly present: CheckpointDoc | undefined;
  },
  next: CheckpointDoc,
  gap: MilestoneGap,
): Promise<Succession> {
  const { pointer, manifest, present } = before;
  return store.read({ label: 'checkpoint.succeed' }, async (tx) => {
    const [newest] = await latest(tx, next.brane_id, 1);
    const isFar =
      next.seq - (newest?.seq ?? 0) > gap.entries || next.log_bytes - (newest?.log_bytes ?? 0) > gap.bytes;
    const kept = present && isFar ? present : undefined;
    const doc = await lastOfChain(tx, next.brane_id);
    const named = doc && (await manifestOf(tx, doc));
    return { pointer, manifest, kept, last: doc && named && { doc, manifest: named } };
  });
}

/** What a milestone names; undefined when its pages are damaged: then nobody can read it, and nothing of it is kept for its sake. */
export async function manifestOf(tx: ReadTransaction, doc: CheckpointDoc): Promise<Manifest | undefined> {
  try {
    return await readManifest(tx, doc);
  } catch (error) {
    if (error instanceof PagesLost || (error instanceof StoreError && error.code === 'corrupt'))
      return undefined;
    throw error;
  }
}

async function latest(tx: ReadTransaction, braneId: BraneId, limit: number): Promise<MilestoneDoc[]> {
  return tx.range('milestones', { prefix: [braneId], reverse: true, limit });
}

async function lastOfChain(tx: ReadTransaction, braneId: BraneId): Promise<MilestoneDoc | undefined> {
  for (let before: number | undefined; ;) {
    const page: MilestoneDoc[] = await tx.range('milestones', {
      prefix: [braneId],
      ...(before === undefined ? {} : { lt: [before] }),
      reverse: true,
      limit: 16,
    });
    const found = page.find(({ filled }) => !filled);
    if (found || page.length < 16) return found;
    before = page.at(-1)?.seq;
  }
}

/** In the transaction that moves the pointer. Throws BuildLost when a milestone that was counted on is gone. */
export async function keepMilestone(tx: Transaction, { kept, last }: Succession): Promise<void> {
  if (kept) tx.put('milestones', kept);
  if (!last) return;
  const { brane_id, seq, build } = last.doc;
  tx.guard('milestones', [brane_id, seq]);
  const standing = await tx.get('milestones', [brane_id, seq]);
  if (standing?.build !== build) throw new BuildLost('a milestone went');
}

/** What nobody names once the new checkpoint stands: of the present one, and of what the build itself has replaced on its way. */
export function replaced(
  { pointer, manifest: before, kept, last }: Succession,
  after: Manifest,
  shelf: StoreShelf,
): CheckpointGarbageDoc['dead'] {
  const dead = new DeadChunks([after, ...(last ? [last.manifest] : [])]);
  if (!kept) dead.add(before?.chunks ?? []);
  for (let number = 0; number < shelf.count; number += 1) dead.add([{ build: shelf.build, number }]);
  return dead.list(kept ? undefined : pointer);
}

/** Chunks that are to go, without those that somebody names. */
export class DeadChunks {
  private readonly named = new Set<string>();
  private readonly dead = new Map<string, number[]>();

  constructor(kept: readonly Manifest[]) {
    for (const { chunks } of kept) for (const ref of chunks) this.named.add(keyOf(ref));
  }

  add(chunks: readonly Pick<ChunkRef, 'build' | 'number'>[]): void {
    for (const ref of chunks) {
      if (this.named.has(keyOf(ref))) continue;
      const numbers = this.dead.get(ref.build);
      if (numbers) numbers.push(ref.number);
      else this.dead.set(ref.build, [ref.number]);
    }
  }

  /** Together with the pages of that checkpoint. */
  list(checkpoint: CheckpointDoc | undefined): CheckpointGarbageDoc['dead'] {
    if (checkpoint && !this.dead.has(checkpoint.build)) this.dead.set(checkpoint.build, []);
    return [...this.dead].map(([build, chunks]) => ({
      build,
      pages: build === checkpoint?.build ? checkpoint.pages : 0,
      chunks,
    }));
  }
}

function keyOf({ build, number }: Pick<ChunkRef, 'build' | 'number'>): string {
  return `${build}/${number}`;
}
