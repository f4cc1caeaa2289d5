import {
  type BraneChange,
  type BraneMeta,
  can,
  mayModerate,
  roleIn,
  type UserId,
} from '@state-server/domain';
import { fail, type StateError } from '@state-server/protocol';
import type { HeadDoc } from '@state-server/persistence-port';
import type { Work as AnyWork } from './work';

/** What of a request decides whether it is allowed. */
type Work = Pick<AnyWork, 'request' | 'demand'>;

type Standing = ReturnType<typeof roleIn>;

/** A brane whose purge has begun refuses everything (SYNC L7); of a tombstone nobody can be told whose it was. */
export function assertNotGone(work: Work, head: HeadDoc, meta: () => BraneMeta): void {
  if (head.status === 'purged') throw fail('brane.not_found', { brane_id: head.brane_id });
  if (head.status !== 'purging') return;
  assertVisible(work, meta());
  throw fail('brane.deleted', { brane_id: head.brane_id });
}

/** Refuses whoever may not even know that the brane is there. */
export function assertVisible(work: Work, meta: BraneMeta): void {
  const { actor } = work.request;
  if (actor.kind === 'user' && roleIn(meta, actor.user_id) === null) {
    throw fail('brane.not_found', { brane_id: meta.id });
  }
}

/** Checks the actor's role as it is in this transaction (SYNC L6), and that the brane takes what is asked. */
export function assertAllowed(work: Work, meta: BraneMeta): void {
  const { actor, brane_id } = work.request;
  const { demand } = work;
  if (meta.status !== 'live' && !standsDeletion(work)) throw fail('brane.deleted', { brane_id });
  const edits = demand.kind !== 'administer' && demand.kind !== 'reap';
  if (edits && typeof meta.archived_at === 'string') {
    // Whoever could not edit it anyway is told that, and not what he might do about it.
    if (actor.kind === 'user' && !can(roleIn(meta, actor.user_id), 'edit')) throw denied(work, meta);
    throw fail('brane.archived', { brane_id, archived_at: meta.archived_at });
  }
  const isUnfinished = meta.forked_from?.complete === false && work.request.operation_id === undefined;
  if (actor.kind === 'system') return;
  if (!allowed(meta, roleIn(meta, actor.user_id), work)) throw denied(work, meta);
  if (edits && isUnfinished) throw fail('brane.frozen', { brane_id, reason: 'it is still being copied' });
}

function denied({ request }: Work, meta: BraneMeta): StateError {
  const role = roleIn(meta, request.actor.user_id);
  const details = { brane_id: request.brane_id, role };
  return fail('permission.denied', details, `A ${role ?? 'stranger'} may not do this here.`);
}

/** What a deleted brane takes: its restoration or purge, the reaping, and what the server itself says of it. */
function standsDeletion({ demand, request }: Work): boolean {
  if (demand.kind === 'reap') return true;
  if (demand.kind !== 'administer') return false;
  return request.actor.kind === 'system' || demand.ops.every(({ op }) => op === 'set_status');
}

function allowed(meta: BraneMeta, role: Standing, { demand, request }: Work): boolean {
  switch (demand.kind) {
    case 'edit':
    case 'restore':
      return can(role, 'edit');
    case 'undo':
    case 'redo':
      return can(role, 'undo');
    case 'administer':
      return demand.ops.every((op) => mayAdminister(meta, role, op, request));
    case 'reap':
    case 'expire':
      return false;
    default:
      return demand satisfies never;
  }
}

function mayAdminister(
  meta: BraneMeta,
  role: Standing,
  op: BraneChange,
  { actor, operation_id }: Work['request'],
): boolean {
  const userId = actor.user_id;
  switch (op.op) {
    case 'set_brane': {
      const { op: _, bans, mutes, kick, ...configures } = op;
      const targets = [...Object.keys({ ...bans, ...mutes }), ...(kick ? [kick] : [])] as UserId[];
      if (!targets.every((target) => mayModerate(meta, userId, target))) return false;
      if (targets.length > 0 && Object.keys(configures).length === 0) return true;
      // What a brane is a copy of is the server's own.
      return can(role, 'configure') && (op.forked_from === undefined || operation_id !== undefined);
    }
    case 'set_member':
      // Every member may leave.
      return (
        can(role, 'manage_members') ||
        (op.user_id === userId && op.role === null && role !== 'guest' && role !== null)
      );
    case 'set_status':
      // The way to a purge is the server's own.
      return can(role, 'delete_brane') && (op.status === 'live' || op.status === 'deleted');
    default:
      return op satisfies never;
  }
}
