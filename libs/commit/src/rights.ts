import {
  type ActionOn,
  type BraneChange,
  type BraneMeta,
  can,
  mayModerate,
  standingIn,
  type UserId,
} from '@state-server/domain';
import { assertCan, fail, type StateError } from '@state-server/protocol';
import type { HeadDoc } from '@state-server/persistence-port';
import type { Work as AnyWork } from './work';

/** What of a request decides whether it is allowed. */
type Work = Pick<AnyWork, 'request' | 'demand'>;

/** A brane whose purge has begun refuses everything (SYNC L7); of a tombstone nobody can be told whose it was. */
export function assertNotGone(work: Work, head: HeadDoc, meta: () => BraneMeta): void {
  if (head.status === 'purged') throw fail('brane.not_found', { brane_id: head.brane_id });
  if (head.status !== 'purging') return;
  assertVisible(work, meta());
  throw fail('brane.deleted', { brane_id: head.brane_id });
}

/** Refuses whoever may not even know that the brane is there. */
export function assertVisible(work: Work, meta: BraneMeta): void {
  assertCan(work.request.actor, 'brane.view', meta, { details: { brane_id: meta.id } });
}

/** Checks the actor's role as it is in this transaction (SYNC L6), and that the brane takes what is asked. */
export function assertAllowed(work: Work, meta: BraneMeta): void {
  const { actor, brane_id } = work.request;
  const { demand } = work;
  if (meta.status !== 'live' && !standsDeletion(work)) throw fail('brane.deleted', { brane_id });
  const edits = demand.kind !== 'administer' && demand.kind !== 'reap';
  if (edits && typeof meta.archived_at === 'string') {
    // Whoever could not edit it anyway is told that, and not what he might do about it.
    if (can(actor, 'brane.edit', meta) !== 'allowed') throw denied(work, meta);
    throw fail('brane.archived', { brane_id, archived_at: meta.archived_at });
  }
  const isUnfinished = meta.forked_from?.complete === false && work.request.operation_id === undefined;
  if (actor.kind === 'system') return;
  if (!allowed(work, meta)) throw denied(work, meta);
  if (edits && isUnfinished) throw fail('brane.frozen', { brane_id, reason: 'it is still being copied' });
}

function denied({ request }: Work, meta: BraneMeta): StateError {
  const role = standingIn(meta, request.actor.user_id);
  const details = { brane_id: request.brane_id, role };
  return fail('permission.denied', details, `A ${role ?? 'stranger'} may not do this here.`);
}

/** What a deleted brane takes: its restoration or purge, the reaping, and what the server itself says of it. */
function standsDeletion({ demand, request }: Work): boolean {
  if (demand.kind === 'reap') return true;
  if (demand.kind !== 'administer') return false;
  return request.actor.kind === 'system' || demand.ops.every(({ op }) => op === 'set_status');
}

function allowed({ demand, request }: Work, meta: BraneMeta): boolean {
  const may = (action: ActionOn<'brane'>): boolean => can(request.actor, action, meta) === 'allowed';
  switch (demand.kind) {
    case 'edit':
    case 'restore':
      return may('brane.edit');
    case 'undo':
    case 'redo':
      return may('brane.undo');
    case 'administer':
      return demand.ops.every((op) => mayAdminister(may, meta, op, request));
    case 'reap':
    case 'expire':
      return false;
    default:
      return demand satisfies never;
  }
}

function mayAdminister(
  may: (action: ActionOn<'brane'>) => boolean,
  meta: BraneMeta,
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
      return may('brane.configure') && (op.forked_from === undefined || operation_id !== undefined);
    }
    case 'set_member':
      // Every member may leave.
      return may('brane.manage_members') || (op.user_id === userId && op.role === null && may('brane.leave'));
    case 'set_status':
      // The way to a purge is the server's own.
      return may('brane.delete') && (op.status === 'live' || op.status === 'deleted');
    default:
      return op satisfies never;
  }
}
