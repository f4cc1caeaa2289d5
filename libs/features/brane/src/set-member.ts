import { withReadErrors } from '@state-server/commit';
import type { BraneId, Role, UserId } from '@state-server/domain';
import { type MemberResource, fail } from '@state-server/protocol';
import {
  type Also,
  type BraneDeps,
  type BraneWriter,
  type Replayed,
  originOf,
  positionOf,
} from './brane-writer';
import type { Position } from '@state-server/commit';
import { authoriseInBrane } from './authorise-in-brane';
import { findBrane } from './find-brane';
import { memberIn } from './list-members';

export interface SetMember extends BraneWriter {
  readonly brane_id: BraneId;
  readonly member_id: UserId;
  readonly role: Role;
  readonly also?: Also<MemberSet>;
}

export interface MemberSet {
  readonly member: MemberResource;
  readonly position: Position;
}

/** Makes somebody a member, or changes the role. Owners only. Throws `user.not_found`, `member.last_owner`. */
export async function setMember(deps: BraneDeps, input: SetMember): Promise<MemberSet & Replayed> {
  const { brane_id, user_id, member_id, role, also } = input;
  await findBrane(deps.store, user_id, brane_id);
  await authoriseInBrane(deps.store, user_id, brane_id, 'manage_members');
  await assertUser(deps, member_id);
  const committed = await deps.committer.administer({
    ...originOf(input, brane_id),
    ops: [{ op: 'set_member', user_id: member_id, role }],
    ...(also && {
      also: async (tx, outcome) =>
        also(tx, { member: await memberIn(tx, brane_id, member_id), position: positionOf(outcome) }),
    }),
  });
  const member = await withReadErrors(
    deps.store.read({ label: 'brane.member' }, (tx) => memberIn(tx, brane_id, member_id)),
  );
  return { member, position: positionOf(committed), replayed: committed.replayed };
}

async function assertUser({ store }: BraneDeps, id: UserId): Promise<void> {
  const user = await withReadErrors(store.read({ label: 'user.get' }, (tx) => tx.get('users', [id])));
  if (!user) throw fail('user.not_found', { id });
}
