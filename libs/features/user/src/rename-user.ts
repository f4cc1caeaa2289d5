import { toCommitError } from '@state-server/commit';
import type { Clock, UserId } from '@state-server/domain';
import type { Store, Transaction, UserDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

export interface RenameUser {
  readonly user_id: UserId;
  readonly name: string;
  /** Refused with `precondition.failed` when the user is at another version than these. */
  readonly if_versions?: readonly number[];
  /** Further writes of the caller in the same transaction; may run several times. */
  readonly also?: (tx: Transaction, user: UserDoc) => Promise<void>;
}

/** Gives the user another name. Throws `user.not_found`, `precondition.failed`. */
export async function renameUser(
  deps: { readonly store: Store; readonly clock: Clock },
  input: RenameUser,
): Promise<UserDoc> {
  const at = new Date(deps.clock.now()).toISOString();
  try {
    return await deps.store.transact({ label: 'user.rename' }, async (tx) => {
      const before = await tx.get('users', [input.user_id]);
      if (!before) throw fail('user.not_found', { id: input.user_id });
      if (input.if_versions?.includes(before.version) === false) {
        throw fail('precondition.failed', { version: before.version });
      }
      const user = { ...before, name: input.name, version: before.version + 1, updated_at: at };
      tx.put('users', user);
      await input.also?.(tx, user);
      return user;
    });
  } catch (error) {
    throw toCommitError(error);
  }
}
