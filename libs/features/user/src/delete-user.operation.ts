import { recordAudit, SYSTEM_ACTOR } from '@state-server/audit';
import {
  type OperationKind,
  type OperationStep,
  readBraneIn,
  type StepOutcome,
  SYSTEM_USER,
} from '@state-server/commit';
import { asBraneId, type BraneChange, type BraneId, LIMITS, type UserId } from '@state-server/domain';
import { endSessionsOf } from '@state-server/identity';
import type { ReadTransaction, Transaction } from '@state-server/persistence-port';
import { fail, StateError } from '@state-server/protocol';
import { leaveNextCompany } from './leave-companies';
import { handOver, type Heir } from './hand-over';
import { deleteServiceAccount } from './service/delete-service-account';
import { accountsIn } from './service/find-service-account';
import type { UserOperationDeps } from './user-deps';

export const USER_DELETION = 'user.delete';

/** Records that one step clears. */
const RECORDS_PER_STEP = 200;
/** Looks at a brane that others change at the same time. */
const ATTEMPTS = 10;

/** Where the next step goes on; absent at the beginning. */
interface Cursor {
  readonly stage?: 'records' | 'companies' | 'branes' | 'prototypes';
  /** The last brane that was dealt with. */
  readonly after?: string;
  /** The last prototype that was, by its place. */
  readonly place?: readonly [created_at: string, id: string];
}

/**
 * What follows the deletion of a user: first the rest of his records, then his companies, then his branes, one by one, each by one entry of its
 * log, then his prototypes. Every step is written together with the operation, so that none is lost or done twice wherever the process dies.
 */
export function userDeletion(deps: UserOperationDeps): OperationKind {
  return {
    kind: USER_DELETION,
    step: (step) => {
      const cursor = (step.operation.cursor ?? {}) as Cursor;
      switch (cursor.stage) {
        case 'companies':
          return leaveNextCompany(deps, step);
        case 'branes':
          return handOverNext(deps, step, cursor);
        case 'prototypes':
          return dropPrototypes(deps, step, cursor);
        default:
          return clearRecords(deps, step);
      }
    },
  };
}

async function clearRecords(
  { store, environment }: UserOperationDeps,
  step: OperationStep,
): Promise<StepOutcome> {
  const userId = step.operation.user_id;
  const [service] = await store.read({ label: 'user.services' }, (tx) => accountsIn(tx, userId));
  if (service) {
    const outcome: StepOutcome = {
      ...{ kind: 'more', cursor: { stage: 'records' } },
      progress: step.operation.progress,
    };
    await deleteServiceAccount(
      { store, environment },
      {
        ...{ owner: userId, account_id: service.id, from: { actor: SYSTEM_ACTOR } },
        also: (tx) => step.advanceIn(tx, outcome),
      },
    );
    return outcome;
  }
  return store.transact({ label: 'user.clear' }, async (tx) => {
    const more = await clearSome(tx, userId, step.operation.input['keep'], environment.clock.now());
    const { progress } = step.operation;
    const outcome: StepOutcome = {
      kind: 'more',
      cursor: { stage: more ? 'records' : 'companies' },
      progress,
    };
    await step.advanceIn(tx, outcome);
    return outcome;
  });
}

/** True when there may be more of them. */
async function clearSome(tx: Transaction, userId: UserId, keep: unknown, now: number): Promise<boolean> {
  const { more } = await endSessionsOf(tx, userId, now);
  const identities = await tx.range('identities', {
    index: 'by_user',
    prefix: [userId],
    limit: RECORDS_PER_STEP,
  });
  for (const { provider, subject } of identities) tx.delete('identities', [provider, subject]);
  const inventory = await tx.range('inventory', { prefix: [userId], limit: RECORDS_PER_STEP });
  for (const { prototype_id } of inventory) tx.delete('inventory', [userId, prototype_id]);
  // The answers under his keys say what he was called; that to the deletion itself does not, and may be asked for again.
  const kept = await tx.range('idempotency_keys', { prefix: [userId], limit: RECORDS_PER_STEP + 1 });
  const keys = kept.filter(({ key }) => key !== keep).slice(0, RECORDS_PER_STEP);
  for (const { key } of keys) tx.delete('idempotency_keys', [userId, key]);
  return more || [identities, inventory, keys].some(({ length }) => length === RECORDS_PER_STEP);
}

/** Prototypes that one step looks at. */
const PROTOTYPES_PER_STEP = 100;

/** His private prototypes are deleted, for nobody else could use them; the public ones stay, under the id of who is gone. */
async function dropPrototypes(
  { store, environment }: UserOperationDeps,
  step: OperationStep,
  { place }: Cursor,
): Promise<StepOutcome> {
  const { user_id, progress } = step.operation;
  const at = new Date(environment.clock.now()).toISOString();
  return store.transact({ label: 'user.drop_prototypes' }, async (tx) => {
    const prototypes = await tx.range('prototypes', {
      index: 'by_owner',
      prefix: [user_id, 1],
      ...(place ? { gt: place } : {}),
      limit: PROTOTYPES_PER_STEP,
    });
    for (const prototype of prototypes) {
      if (prototype.is_public) continue;
      const { kept: _kept, ...rest } = prototype;
      tx.put('prototypes', { ...rest, is_deleted: true, version: prototype.version + 1, updated_at: at });
    }
    const last = prototypes.at(-1);
    const outcome: StepOutcome =
      last && prototypes.length === PROTOTYPES_PER_STEP
        ? { kind: 'more', cursor: { stage: 'prototypes', place: [last.created_at, last.id] }, progress }
        : { kind: 'done', result: { branes: progress.done }, progress };
    await step.advanceIn(tx, outcome);
    return outcome;
  });
}

/** Deals with the next of his branes; then come his prototypes. */
async function handOverNext(
  deps: UserOperationDeps,
  step: OperationStep,
  { after }: Cursor,
): Promise<StepOutcome> {
  const { user_id, progress } = step.operation;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const next = await deps.store.read({ label: 'user.hand_over' }, (tx) => nextBrane(tx, user_id, after));
    if (!next) return { kind: 'more', cursor: { stage: 'prototypes' }, progress };
    const done = { done: progress.done + 1 };
    const outcome: StepOutcome = {
      kind: 'more',
      cursor: { stage: 'branes', after: next.id },
      progress: done,
    };
    if (next.changes.length === 0) return { ...outcome, progress };
    const advance = step.advance(outcome);
    try {
      await deps.committer.administer({
        brane_id: next.id,
        actor: { kind: 'system', user_id: SYSTEM_USER },
        op_id: step.opId,
        ops: next.changes,
        if_version: next.version,
        also: async (tx, committed) => {
          if (!committed.replayed) recordHandOver(tx, next, Date.parse(committed.at));
          await advance(tx, committed);
        },
      });
      return outcome;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      // Its purge has begun: there is nothing to hand on.
      if (error.code === 'brane.deleted' || error.code === 'brane.not_found') return { ...outcome, progress };
      // Somebody changed the brane meanwhile: perhaps it is to be handed to somebody else.
      if (error.code !== 'precondition.failed') throw error;
    }
  }
  throw fail('commit.conflict');
}

/** Who left, who has which role now, and that a brane nobody is left of is deleted. */
function recordHandOver(tx: Transaction, { id, changes }: NextBrane, at: number): void {
  const common = { actor: SYSTEM_ACTOR, brane_id: id, reason: 'A member deleted his account.', at };
  for (const change of changes) {
    if (change.op === 'set_member') {
      recordAudit(tx, {
        ...common,
        action: change.role === null ? 'brane.member_removed' : 'brane.member_set',
        target: { kind: 'user', id: change.user_id },
        ...(change.role === null ? {} : { details: { role: change.role } }),
      });
    } else if (change.op === 'set_status' && change.status === 'deleted') {
      recordAudit(tx, { ...common, action: 'brane.deleted', target: { kind: 'brane', id } });
    }
  }
}

interface NextBrane {
  readonly id: BraneId;
  readonly version: number;
  readonly changes: readonly BraneChange[];
}

async function nextBrane(
  tx: ReadTransaction,
  userId: UserId,
  after: string | undefined,
): Promise<NextBrane | undefined> {
  const [membership] = await tx.range('members', {
    index: 'by_user',
    prefix: [userId],
    ...(after === undefined ? {} : { gt: [asBraneId(after)] }),
    limit: 1,
  });
  if (!membership) return undefined;
  const { brane_id: id } = membership;
  const view = await readBraneIn(tx, id);
  const goes = view?.meta.status === 'live' || view?.meta.status === 'deleted';
  if (!view || !goes) return { id, version: 0, changes: [] };
  return { id, version: view.version, changes: handOver(view.meta, userId, await heirsOf(tx, id, userId)) };
}

/** Its other members who are there. */
async function heirsOf(tx: ReadTransaction, braneId: BraneId, leaver: UserId): Promise<Heir[]> {
  const members = await tx.range('members', { prefix: [braneId], limit: LIMITS.members_per_brane });
  const others = members.filter(({ user_id }) => user_id !== leaver);
  const users = await tx.getMany(
    'users',
    others.map(({ user_id }) => [user_id]),
  );
  return others.filter((_, index) => {
    const user = users[index];
    // Whoever has no account inherits nothing: he is gone before long.
    return user !== undefined && user.deleted_at === undefined && user.guest === undefined;
  });
}
