import { type AuditOrigin, recordAudit } from '@state-server/audit';
import { toCommitError } from '@state-server/commit';
import { asBraneId, type OpId, type UserId } from '@state-server/domain';
import { endSessionsOf } from '@state-server/identity';
import type { OperationDoc, RevocationDoc, Transaction, UserDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { USER_DELETION } from './delete-user.operation';
import { there } from './get-user';
import { endServiceAccounts } from './service/find-service-account';
import type { UserDeps } from './user-deps';

export interface DeleteUser {
  readonly user_id: UserId;
  /** The version that he has seen; absent: any. */
  readonly if_versions?: readonly number[];
  readonly op_id: OpId;
  /** Of the operation; the same in every attempt. */
  readonly operation_id: string;
  /** The Idempotency-Key under which this is asked for: its answer is kept. */
  readonly keep?: string;
  /** From where; default: nowhere that is known. */
  readonly origin?: AuditOrigin;
  /** Further writes of the caller in the same transaction; may run several times. */
  readonly also?: (tx: Transaction, deleted: DeletedUser) => Promise<void>;
}

export interface DeletedUser {
  /** What is left of him. */
  readonly user: UserDoc;
  /** What is still to be done. */
  readonly operation: OperationDoc;
}

/**
 * Deletes a user, for good. With this transaction he is gone: his record is a tombstone without personal data, whatever he is
 * signed in with is dead, nobody can sign in as him, and nothing new becomes his (whoever makes something guards his record).
 * The operation that it leaves hands his branes on and clears what is left. Throws `user.not_found`, `precondition.failed`,
 * and what a commit may throw.
 */
export async function deleteUser(deps: UserDeps, input: DeleteUser): Promise<DeletedUser> {
  const { user_id, if_versions, also } = input;
  const now = deps.environment.clock.now();
  const at = new Date(now).toISOString();
  let revocations: readonly RevocationDoc[] = [];
  try {
    const deleted = await deps.store.transact({ label: 'user.delete' }, async (tx) => {
      const before = there(await tx.get('users', [user_id]), user_id);
      if (if_versions?.includes(before.version) === false)
        throw fail('precondition.failed', { version: before.version });
      const user = tombstone(before, at);
      tx.put('users', user);
      const ended = await endSessionsOf(tx, user_id, now);
      revocations = [...ended.revocations, ...(await endServiceAccounts(tx, user_id, now))];
      const identities = await tx.range('identities', { index: 'by_user', prefix: [user_id], limit: 200 });
      for (const { provider, subject } of identities) tx.delete('identities', [provider, subject]);
      const operation = newOperation(input, at);
      tx.put('operations', operation);
      if (!before.service)
        recordAudit(tx, {
          ...input.origin,
          action: 'user.deleted',
          actor: { kind: 'user', id: user_id },
          target: { kind: 'user', id: user_id },
          at: now,
        });
      await also?.(tx, { user, operation });
      return { user, operation };
    });
    for (const revocation of revocations) deps.announce?.(revocation);
    deps.poke?.();
    return deleted;
  } catch (error) {
    throw toCommitError(error);
  }
}

/** What is left of a user: his id stands in logs and on objects, and is never another's. */
function tombstone({ id, version, created_at }: UserDoc, at: string): UserDoc {
  return { id, name: '', roles: [], version: version + 1, created_at, updated_at: at, deleted_at: at };
}

function newOperation({ user_id, op_id, operation_id, keep }: DeleteUser, at: string): OperationDoc {
  return {
    id: operation_id,
    kind: USER_DELETION,
    // It belongs to no brane; no brane has a user's id.
    brane_id: asBraneId(user_id),
    user_id,
    op_id,
    fingerprint: USER_DELETION,
    state: 'running',
    step: 0,
    progress: { done: 0 },
    input: keep === undefined ? {} : { keep },
    created_at: at,
    updated_at: at,
    due_at: at,
  };
}
