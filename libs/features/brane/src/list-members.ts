import { withReadErrors } from '@state-server/commit';
import type { BraneId, UserId } from '@state-server/domain';
import type { MemberDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { type MemberResource, fail } from '@state-server/protocol';
import { findBrane } from './find-brane';

export interface ListMembers {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  /** The last member of the page before. */
  readonly after?: UserId;
  readonly limit: number;
}

/** Members by user id; one more than `limit` when there are more. Whoever sees the brane sees them. */
export async function listMembers(store: Store, input: ListMembers): Promise<readonly MemberResource[]> {
  const { brane_id, after, limit } = input;
  await findBrane(store, input.user_id, brane_id);
  return withReadErrors(
    store.read({ label: 'brane.members' }, async (tx) => {
      const members = await tx.range('members', {
        prefix: [brane_id],
        ...(after === undefined ? {} : { gt: [after] }),
        limit: limit + 1,
      });
      return withNames(tx, members);
    }),
  );
}

export interface GetMember {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  readonly member_id: UserId;
}

/** Throws `brane.not_found`, `member.unknown`. */
export async function getMember(store: Store, input: GetMember): Promise<MemberResource> {
  await findBrane(store, input.user_id, input.brane_id);
  return withReadErrors(
    store.read({ label: 'brane.member' }, (tx) => memberIn(tx, input.brane_id, input.member_id)),
  );
}

export async function memberIn(
  tx: ReadTransaction,
  braneId: BraneId,
  userId: UserId,
): Promise<MemberResource> {
  const member = await tx.get('members', [braneId, userId]);
  const [named] = member ? await withNames(tx, [member]) : [];
  if (!named) throw fail('member.unknown', { user_id: userId });
  return named;
}

async function withNames(tx: ReadTransaction, members: readonly MemberDoc[]): Promise<MemberResource[]> {
  const users = await tx.getMany(
    'users',
    members.map((member) => [member.user_id]),
  );
  return members.map(({ user_id, role, since }, index) => ({
    user_id,
    name: users[index]?.name ?? '',
    role,
    ...(users[index]?.guest && { guest: true as const }),
    since,
  }));
}
