import { authoriseInBrane, type Position, withReadErrors, withResult } from '@state-server/commit';
import type { BraneId, Role, UserId } from '@state-server/domain';
import { type MemberResource, fail } from '@state-server/protocol';
import {
  type Also,
  type BraneDeps,
  type BraneWriter,
  type Replayed,
  originOf,
  recordInBrane,
} from './brane-writer';
import { findBrane } from './find-brane';
import { assertMemberIn } from './guard-user';
import { memberIn } from './list-members';

export interface SetMember extends BraneWriter {
  readonly brane_id: BraneId;
  readonly member_id: UserId;
  readonly role: Role;
  readonly also?: Also<MemberSet & Replayed>;
}

export interface MemberSet {
  readonly member: MemberResource;
  readonly position: Position;
}

/** Makes somebody a member, or changes the role. Owners only. Throws `user.not_found`, `member.last_owner`. */
export async function setMember(deps: BraneDeps, input: SetMember): Promise<MemberSet & Replayed> {
  const { brane_id, user_id, member_id, role } = input;
  await findBrane(deps.store, user_id, brane_id);
  await authoriseInBrane(deps.store, user_id, brane_id, 'brane.manage_members');
  await assertUser(deps, member_id);
  const ops = [{ op: 'set_member', user_id: member_id, role }] as const;
  return withResult(
    (also) => deps.committer.administer({ ...originOf(input, brane_id), ops, also }),
    async (tx, committed) => {
      const { epoch, seq, replayed } = committed;
      // A replay tells what was; anything else would make somebody a member who goes at this moment (P1).
      if (!replayed) await assertMemberIn(tx, member_id, brane_id, role);
      const target = { kind: 'user', id: member_id } as const;
      recordInBrane(tx, input, committed, { action: 'brane.member_set', target, details: { role } });
      const member = await memberIn(tx, brane_id, member_id);
      return { member, position: { epoch, seq }, replayed };
    },
    input.also,
  );
}

async function assertUser({ store }: BraneDeps, id: UserId): Promise<void> {
  const user = await withReadErrors(store.read({ label: 'user.get' }, (tx) => tx.get('users', [id])));
  if (!user || user.deleted_at !== undefined) throw fail('user.not_found', { id });
}
