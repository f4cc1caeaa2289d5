import { toCommitError } from '@state-server/commit';
import { changeProfile, type ProfileChange, type UserId } from '@state-server/domain';
import type { Transaction, UserDoc } from '@state-server/persistence-port';
import { fail, fromRefusal } from '@state-server/protocol';
import { there } from './get-user';
import type { UserDeps } from './user-deps';

export interface WriteUser {
  readonly user_id: UserId;
  /** Refused with `precondition.failed` when the user is at another version than these. */
  readonly if_versions?: readonly number[];
  /** Further writes of the caller in the same transaction; may run several times. */
  readonly also?: (tx: Transaction, user: UserDoc) => Promise<void>;
}

/**
 * Writes the record of a user who is there, a version further, unless the change leaves it as it was. Throws
 * `user.not_found`, `precondition.failed`, what `change` throws, and what a commit may throw.
 */
export async function writeUser(
  { store, environment }: Pick<UserDeps, 'store' | 'environment'>,
  { user_id, if_versions, also }: WriteUser,
  change: (before: UserDoc, at: string, tx: Transaction) => UserDoc | Promise<UserDoc>,
): Promise<UserDoc> {
  const at = new Date(environment.clock.now()).toISOString();
  try {
    return await store.transact({ label: 'user.write' }, async (tx) => {
      const before = there(await tx.get('users', [user_id]), user_id);
      if (if_versions?.includes(before.version) === false) {
        throw fail('precondition.failed', { version: before.version });
      }
      const changed = await change(before, at, tx);
      const user = changed === before ? before : { ...changed, version: before.version + 1, updated_at: at };
      if (user === before) tx.guard('users', [user_id]);
      else tx.put('users', user);
      await also?.(tx, user);
      return user;
    });
  } catch (error) {
    throw toCommitError(error);
  }
}

/** Changes what a user says of himself. Throws `field.invalid`, `field.too_large`, and what `writeUser` throws. */
export async function changeUser(
  deps: Pick<UserDeps, 'store' | 'environment'>,
  input: WriteUser & { readonly change: ProfileChange },
): Promise<UserDoc> {
  return writeUser(deps, input, (before) => {
    const profile = changeProfile(before, input.change);
    if (!profile.ok) throw fromRefusal(profile.refusal);
    const { name: _name, avatar: _avatar, locale: _locale, settings: _settings, ...rest } = before;
    return { ...rest, ...profile.value };
  });
}
