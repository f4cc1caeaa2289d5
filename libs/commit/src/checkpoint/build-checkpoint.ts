import type { BraneId, Environment, ObjectId } from '@state-server/domain';
import {
  type CheckpointDoc,
  type CheckpointDueDoc,
  type HeadDoc,
  type Store,
  StoreError,
} from '@state-server/persistence-port';
import { type Breathe, breather } from '../breathe';
import { advance, LogGone, type StretchLimits } from './advance';
import { settle, STRETCH } from './collect-state';
import { settleDue } from './due';
import { keepMilestone, MILESTONE_GAP, type MilestoneGap, replaced, succeed } from './milestones';
import { Diverged } from './log-patch';
import { leadsOn, type Manifest, readManifest, toPages } from './manifest';
import { isLeaving, scanObjects } from './scan-objects';
import { ChunkGone } from './shelf';
import { BuildLost, StoreShelf } from './store-shelf';

/** When a checkpoint is worth its while (SYNC R2). */
export interface CheckpointPolicy {
  /** At the earliest after so many entries, or so many bytes of them … */
  readonly entries: number;
  readonly bytes: number;
  /** … and so long after the last one, ms. */
  readonly everyMs: number;
  /** A brane gets its first one earlier when it has so many objects. */
  readonly firstObjects: number;
  /** At most so much of the log goes into one checkpoint; the next one goes on from there at once. */
  readonly stretch: StretchLimits;
  /** The one before is kept where otherwise so much would lie between those that are. */
  readonly milestones: MilestoneGap;
}

export const CHECKPOINT_POLICY: CheckpointPolicy = {
  entries: 2_000,
  bytes: 1024 * 1024,
  everyMs: 30_000,
  firstObjects: 500,
  stretch: STRETCH,
  milestones: MILESTONE_GAP,
};

export interface CheckpointDeps {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock' | 'ids' | 'timers'>;
}

/**
 * - `built`: the pointer was moved to `seq`; `behind` when the log goes on further than one checkpoint may follow it;
 * - `not_due`: too early, or not worth it;
 * - `lost`: another builder was first, or it took so long that its chunks were swept away; nothing was changed;
 * - `gone`: no such brane, or it is being purged.
 */
export type CheckpointOutcome =
  | {
      readonly kind: 'built';
      readonly seq: number;
      readonly objects: number;
      readonly chunks: number;
      /** Of them written by this build. */
      readonly written: number;
      readonly behind: boolean;
      /** Not from the one before: there was none that could be used. */
      readonly anew: boolean;
    }
  | { readonly kind: 'not_due' | 'lost' | 'gone' };

/** What is there when a build begins. */
interface Ground {
  readonly head: HeadDoc;
  readonly pointer: CheckpointDoc | undefined;
  readonly due: CheckpointDueDoc | undefined;
  /** What the pointer names. */
  readonly manifest: Manifest | undefined;
  /** The log leads on from there. */
  readonly leadsOn: boolean;
}

/**
 * Makes the next checkpoint of a brane from the present one and the log after it (SYNC R2): only chunks that the log
 * touches are written anew. Without one it reads all objects. Correct whatever is committed meanwhile, and whoever builds at
 * the same time: all that is written before the pointer is new, and the pointer moves only from where this build found it.
 */
export async function buildCheckpoint(
  deps: CheckpointDeps,
  braneId: BraneId,
  options: { readonly policy?: Partial<CheckpointPolicy>; readonly force?: boolean } = {},
): Promise<CheckpointOutcome> {
  const policy = { ...CHECKPOINT_POLICY, ...options.policy };
  const { store, environment } = deps;
  const now = environment.clock.now();
  const ground = await readGround(store, braneId);
  if (!ground) return { kind: 'gone' };
  const why = options.force ? 'due' : judge(ground, policy, now);
  if (why !== 'due') {
    const again =
      why === 'later' && ground.pointer ? Date.parse(ground.pointer.at) + policy.everyMs : undefined;
    await store.transact({ label: 'checkpoint.settle' }, (tx) => settleDue(tx, braneId, ground.due, again));
    return { kind: 'not_due' };
  }
  const build = environment.ids.uuid();
  const shelf = new StoreShelf(store, environment.clock, braneId, build);
  const breathe = breather(environment);
  try {
    const made = await makeManifest(deps, ground, shelf, breathe, policy.stretch);
    if (!made) return { kind: 'gone' };
    return await publish(deps, ground, shelf, made, policy.milestones);
  } catch (error) {
    if (error instanceof BuildLost || error instanceof LogGone || error instanceof ChunkGone)
      return { kind: 'lost' };
    throw error;
  }
}

async function readGround(store: Store, braneId: BraneId): Promise<Ground | undefined> {
  return store.read({ label: 'checkpoint.ground' }, async (tx) => {
    const head = await tx.get('heads', [braneId]);
    if (!head || isLeaving({ head })) return undefined;
    const [pointer] = await tx.getMany('checkpoints', [[braneId]]);
    const due = await tx.get('checkpoint_due', [braneId]);
    const manifest = pointer && (await readManifest(tx, pointer).catch(ifCorrupt));
    return { head, pointer, due, manifest, leadsOn: manifest !== undefined && leadsOn(head, manifest) };
  });
}

function ifCorrupt(error: unknown): undefined {
  if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error;
}

function judge({ head, pointer, due, leadsOn }: Ground, policy: CheckpointPolicy, now: number) {
  if (!pointer || !leadsOn) {
    const isLarge = head.objects >= policy.firstObjects;
    const isLong = head.seq >= policy.entries || (head.log_bytes ?? 0) >= policy.bytes;
    return due?.wanted || isLarge || isLong ? 'due' : 'never';
  }
  const isLong =
    head.seq - pointer.seq >= policy.entries || (head.log_bytes ?? 0) - pointer.log_bytes >= policy.bytes;
  if (!isLong) return 'never';
  return now - Date.parse(pointer.at) >= policy.everyMs ? 'due' : 'later';
}

interface Made {
  readonly manifest: Manifest;
  /** The present checkpoint is not the state that it says: nothing may be built on it. */
  readonly useless: boolean;
  readonly anew: boolean;
  /** Bytes of the log that went into it. */
  readonly logBytes: number;
}

async function makeManifest(
  { store }: CheckpointDeps,
  { head, manifest, leadsOn }: Ground,
  shelf: StoreShelf,
  breathe: Breathe,
  stretch: StretchLimits,
): Promise<Made | undefined> {
  const through = { store, shelf, breathe };
  let useless = false;
  if (manifest && leadsOn) {
    try {
      const lost = new Set<ObjectId>();
      const next = await advance(through, manifest, head.seq, stretch, lost);
      for (const id of lost) throw new Diverged(id, next.manifest.seq, 'the object is not there');
      return { manifest: next.manifest, anew: false, useless, logBytes: next.patch.bytes };
    } catch (error) {
      if (!isUseless(error)) throw error;
      useless = true;
    }
  }
  const scanned = await scanObjects(store, shelf, head.brane_id, breathe);
  return scanned && { manifest: await settle(through, scanned, stretch), anew: true, useless, logBytes: 0 };
}

/** The present checkpoint is damaged, or is not what it says it is: the objects themselves tell the state. */
function isUseless(error: unknown): boolean {
  return error instanceof Diverged || (error instanceof StoreError && error.code === 'corrupt');
}

async function publish(
  { store, environment }: CheckpointDeps,
  ground: Ground,
  shelf: StoreShelf,
  { manifest, anew, useless, logBytes }: Made,
  gap: MilestoneGap,
): Promise<CheckpointOutcome> {
  const { head: seen, pointer: before, due } = ground;
  const pages = toPages(manifest, shelf.build);
  await shelf.putPages(pages);
  const at = new Date(environment.clock.now()).toISOString();
  let objects = 0;
  let bytes = 0;
  for (const chunk of manifest.chunks) {
    objects += chunk.objects;
    bytes += chunk.bytes;
  }
  const behind = manifest.seq < seen.seq;
  const { brane_id, epoch, seq } = manifest;
  const pointer: CheckpointDoc = {
    brane_id,
    epoch,
    seq,
    at,
    build: shelf.build,
    pages: pages.length,
    objects,
    bytes,
    // What is not counted exactly makes the next one come earlier, never later.
    log_bytes: behind ? (before?.log_bytes ?? 0) + logBytes : (seen.log_bytes ?? 0),
  };
  const present = useless || !ground.manifest ? undefined : before;
  const succession = await succeed(
    store,
    { pointer: before, manifest: ground.manifest, present },
    pointer,
    gap,
  );
  const dead = replaced(succession, manifest, shelf);
  await store.transact({ label: 'checkpoint.publish' }, async (tx) => {
    const head = await tx.get('heads', [brane_id]);
    if (!head || isLeaving({ head })) throw new BuildLost('purged');
    if (head.epoch !== epoch) throw new BuildLost('another epoch');
    // The purge begins by writing it: a pointer must not appear behind its back.
    tx.guard('branes', [brane_id]);
    const standing = await tx.get('checkpoints', [brane_id]);
    if (standing?.build === shelf.build) return;
    if (standing?.build !== before?.build) throw new BuildLost('another builder was first');
    await keepMilestone(tx, succession);
    await shelf.assertWhole(tx);
    tx.put('checkpoints', pointer);
    tx.put('checkpoint_garbage', {
      brane_id,
      build: shelf.build,
      at,
      dead,
    });
    await settleDue(tx, brane_id, due, behind ? environment.clock.now() : undefined);
  });
  return { kind: 'built', seq, objects, chunks: manifest.chunks.length, written: shelf.count, behind, anew };
}
