import { readSnapshot, readStateAt, seqAtTime, type Position, type Snapshot } from '@state-server/commit';
import type { BraneId, Environment, SceneObject, UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { decodeCborSequence, fail, FROM_SERVER } from '@state-server/protocol';
import { findBrane } from './find-brane';

export interface SnapshotDeps {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
}

/** A place in the past of a brane: a seq, or a time (RFC 3339 UTC with milliseconds), then the last entry at or before it. */
export type PastPoint = number | string;

export interface GetSnapshot {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  /** Without it, at the head. */
  readonly at?: PastPoint;
}

export interface FoundSnapshot {
  readonly snapshot: Snapshot;
  /** Where the log stands by now. */
  readonly head: Position;
}

/**
 * The whole brane at one seq, read in slices. Whoever may see it now may see what it was. Throws `brane.not_found`,
 * `history.too_old`, `history.ahead`.
 */
export async function getSnapshot(deps: SnapshotDeps, input: GetSnapshot): Promise<FoundSnapshot> {
  await findBrane(deps.store, input.user_id, input.brane_id);
  if (input.at !== undefined) return pastSnapshot(deps, input.brane_id, input.at);
  const snapshot = await readSnapshot(deps.store, input.brane_id, { environment: deps.environment });
  if (!snapshot) throw fail('brane.not_found', { id: input.brane_id });
  return { snapshot, head: snapshot.head };
}

/** As above, whoever asks. */
export async function pastSnapshot(
  { store, environment }: SnapshotDeps,
  braneId: BraneId,
  at: PastPoint,
): Promise<FoundSnapshot> {
  const state = await readStateAt(store, braneId, await resolvePast(store, braneId, at), { environment });
  if (!state) throw fail('brane.not_found', { id: braneId });
  const { epoch, seq, meta, head, chunks } = state;
  const objects: SceneObject[] = [];
  for (const { bytes } of chunks) {
    for (const object of decodeCborSequence(bytes, FROM_SERVER) as SceneObject[]) objects.push(object);
    // A chunk takes a millisecond or so.
    await new Promise<void>((resolve) => void environment.timers.set(0, resolve));
  }
  return { snapshot: { meta, head: { epoch, seq }, objects }, head };
}

/** The seq of a place in the past. Throws `brane.not_found`, `history.too_old`. */
export async function resolvePast(store: Store, braneId: BraneId, at: PastPoint): Promise<number> {
  if (typeof at === 'number') return at;
  const seq = await seqAtTime(store, braneId, at);
  if (seq === undefined) throw fail('brane.not_found', { id: braneId });
  return seq;
}
