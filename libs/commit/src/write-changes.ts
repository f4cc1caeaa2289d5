import type { BraneId, BraneMeta, ObjectId, SceneObject, SpatialKey, UserId } from '@state-server/domain';
import {
  type BraneDoc,
  type HeadDoc,
  listedBrane,
  type ObjectDoc,
  putListing,
  type Transaction,
} from '@state-server/persistence-port';
import type { Ground } from './lane';
import { rareFields } from './read';
import { type Placement, sameCell, spaceDoc, spaceKey, type SpacePlan } from './space-index';

/** The queue of the work that finishes a re-keying (SYNC S2). */
export const REKEY_QUEUE = 'brane.rekey';

/** Objects and their places in the spatial index; ids that are new, and those that go, in the registry (SYNC I6). */
export function writeObjects(ground: Ground, plan: SpacePlan, created: ReadonlySet<ObjectId>): void {
  const { tx, head, replica } = ground;
  for (const placement of plan.placements.values()) {
    writePlacement(tx, placement);
    if (!created.has(placement.object.id)) continue;
    tx.put('object_ids', {
      id: placement.object.id,
      brane_id: head.brane_id,
      version: placement.object.version,
    });
  }
  for (const [id, cell] of plan.leaving) {
    const version = replica.get(id)?.version ?? 0;
    tx.delete('objects', [head.brane_id, id]);
    if (cell) tx.delete('space', spaceKey(head.brane_id, id, cell));
    // The id stays taken for ever, and its version goes on should it come back.
    tx.put('object_ids', { id, brane_id: head.brane_id, version });
  }
}

export function writePlacement(tx: Transaction, { object, from, to }: Placement): void {
  tx.put('objects', objectDoc(object, to));
  if (from && sameCell(from, to)) return;
  if (from) tx.delete('space', spaceKey(object.brane_id, object.id, from));
  tx.put('space', spaceDoc(object, to));
}

/** The object as it is stored: what the indexes are made of stands beside it. */
export function objectDoc(object: SceneObject, cell: SpatialKey): ObjectDoc {
  const { brane_id, id, parent_id, order, deleted_at, expires_at, prototype } = object;
  // What is deleted already has nothing left to expire.
  const lifetime = expires_at === undefined ? {} : { expires_at };
  const mark = deleted_at === undefined ? lifetime : { deleted_at };
  const isInstance = prototype !== null && prototype.node === undefined;
  const origin = isInstance ? { prototype_id: prototype.id, prototype_version: prototype.version } : {};
  return { brane_id, id, parent_id, order, ...mark, ...origin, object, cell };
}

/** The brane's record, its members as far as they differ (SYNC L6), and how everybody may find it. */
export async function writeBrane(
  tx: Transaction,
  before: BraneMeta | undefined,
  after: BraneMeta,
  version: number,
): Promise<void> {
  const brane = toBraneDoc(after, version);
  tx.put('branes', brane);
  await putListing(tx, 'brane', after.id, listedBrane(brane));
  const userIds = new Set([...Object.keys(before?.members ?? {}), ...Object.keys(after.members)] as UserId[]);
  for (const userId of userIds) {
    const role = after.members[userId];
    if (role === before?.members[userId]) continue;
    if (role === undefined) {
      tx.delete('members', [after.id, userId]);
      continue;
    }
    const known = before?.members[userId] && (await tx.get('members', [after.id, userId]));
    tx.put('members', {
      brane_id: after.id,
      user_id: userId,
      role,
      since: known ? known.since : after.updated_at,
    });
  }
}

export function toBraneDoc(meta: BraneMeta, version: number): BraneDoc {
  return {
    id: meta.id,
    name: meta.name,
    visibility: meta.visibility,
    status: meta.status,
    created_at: meta.created_at,
    updated_at: meta.updated_at,
    created_by: meta.created_by,
    ...rareFields(meta),
    ...(meta.company && { company_id: meta.company.id }),
    version,
  };
}

/** Lists groups as re-keying, and asks for the work that will finish it (SYNC S2). */
export function listRekeying(tx: Transaction, head: HeadDoc, groups: readonly ObjectId[]): HeadDoc {
  if (groups.length === 0) return head;
  tx.put('outbox', {
    // No ':' in it: queues make it the id of a job.
    id: rekeyJobId(head.brane_id, head.seq),
    queue: REKEY_QUEUE,
    payload: { brane_id: head.brane_id },
    at: head.at,
    state: 'waiting',
    attempts: 0,
  });
  return { ...head, rekeying: [...new Set([...(head.rekeying ?? []), ...groups])] };
}

function rekeyJobId(braneId: BraneId, seq: number): string {
  return `rekey-${braneId}-${seq}`;
}
