import { type AuditBy, recordAudit } from '@state-server/audit';
import { toCommitError } from '@state-server/commit';
import type { UserId } from '@state-server/domain';
import { endSessionsOf } from '@state-server/identity';
import type { RevocationDoc, UserDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { writeUser, type WriteUser } from './change-user';
import { endServiceAccounts } from './service/find-service-account';
import type { UserDeps } from './user-deps';

export interface SuspendUser extends WriteUser {
  /** The administrator. */
  readonly by: UserId;
  readonly reason: string;
  /** RFC 3339, in the future; without it until it is lifted. */
  readonly until?: string;
  /** Default: the administrator, from nowhere that is known. */
  readonly from?: AuditBy;
}

/** What an administrator does to a user. */
export interface AdministerUser extends WriteUser {
  readonly from: AuditBy;
}

/**
 * Suspends a user, or puts another suspension in the place of the one that stands: whatever he is signed in with is dead
 * with this transaction, and he cannot sign in. What is his stays. Throws `field.invalid` for a time that is past.
 */
export async function suspendUser(deps: UserDeps, input: SuspendUser): Promise<UserDoc> {
  const { user_id, by, reason } = input;
  const now = deps.environment.clock.now();
  const until = input.until === undefined ? undefined : new Date(input.until).toISOString();
  if (until !== undefined && Date.parse(until) <= now) {
    throw fail('field.invalid', { pointer: '/until' }, 'A suspension ends in the future.');
  }
  let ended: Awaited<ReturnType<typeof endSessionsOf>> = { revocations: [], more: false };
  const user = await writeUser(deps, input, async (before, at, tx) => {
    const sessions = await endSessionsOf(tx, user_id, now);
    const services = await endServiceAccounts(tx, user_id, now);
    ended = { ...sessions, revocations: [...sessions.revocations, ...services] };
    recordAudit(tx, {
      ...(input.from ?? { actor: { kind: 'user', id: by } }),
      action: 'user.suspended',
      target: { kind: 'user', id: user_id },
      reason,
      details: { until: until ?? null },
      at: now,
    });
    // Whatever is left of very many sessions does not come back to life when the suspension ends.
    return {
      ...before,
      not_before: at,
      suspension: { reason, at, by, ...(until === undefined ? {} : { until }) },
    };
  });
  tell(deps, ended.revocations);
  if (ended.more) await endOthers(deps, user_id);
  return user;
}

/** Lifts a suspension; without one nothing changes. */
export async function liftSuspension(deps: UserDeps, input: AdministerUser): Promise<UserDoc> {
  return writeUser(deps, input, (before, at, tx) => {
    const { suspension, ...rest } = before;
    if (!suspension) return before;
    const target = { kind: 'user', id: input.user_id } as const;
    recordAudit(tx, { ...input.from, action: 'user.unsuspended', target, at: Date.parse(at) });
    return rest;
  });
}

/** What is left of very many sessions: of no use to him any more, and gone by and by. */
async function endOthers(deps: UserDeps, userId: UserId): Promise<void> {
  for (let more = true; more;) {
    try {
      const ended = await deps.store.transact({ label: 'user.end_sessions' }, (tx) =>
        endSessionsOf(tx, userId, deps.environment.clock.now()),
      );
      tell(deps, ended.revocations);
      more = ended.more;
    } catch (error) {
      throw toCommitError(error);
    }
  }
}

function tell({ announce }: UserDeps, revocations: readonly RevocationDoc[]): void {
  for (const revocation of revocations) announce?.(revocation);
}

/** Gives a user the roles that he has from now on. */
export async function putRoles(
  deps: UserDeps,
  input: AdministerUser & { readonly roles: UserDoc['roles'] },
): Promise<UserDoc> {
  return writeUser(deps, input, (before, at, tx) => {
    const same =
      before.roles.length === input.roles.length && input.roles.every((role) => before.roles.includes(role));
    if (same) return before;
    recordAudit(tx, {
      ...input.from,
      action: 'user.roles_set',
      target: { kind: 'user', id: input.user_id },
      details: { before: before.roles, roles: input.roles },
      at: Date.parse(at),
    });
    return { ...before, roles: [...input.roles] };
  });
}
