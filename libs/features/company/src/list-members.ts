import { withReadErrors } from '@state-server/commit';
import type { CompanyId, UserId } from '@state-server/domain';
import type { CompanyMemberDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { type CompanyMemberResource, fail } from '@state-server/protocol';
import { companyFor } from './write-company';

export interface ListCompanyMembers {
  readonly user_id: UserId;
  readonly company_id: CompanyId;
  readonly after?: UserId;
  readonly limit: number;
}

/** Members by user id; one more than `limit` when there are more. Throws `company.not_found`. */
export async function listMembers(
  store: Store,
  { user_id, company_id, after, limit }: ListCompanyMembers,
): Promise<readonly CompanyMemberResource[]> {
  return withReadErrors(
    store.read({ label: 'company.members' }, async (tx) => {
      await companyFor(tx, company_id, user_id);
      const members = await tx.range('company_members', {
        ...{ prefix: [company_id], limit: limit + 1 },
        ...(after === undefined ? {} : { gt: [after] }),
      });
      return withNames(tx, members);
    }),
  );
}

/** Throws `company.not_found`, `company.member_unknown`. */
export async function getMember(
  store: Store,
  asked: { readonly user_id: UserId; readonly company_id: CompanyId; readonly member_id: UserId },
): Promise<CompanyMemberResource> {
  return withReadErrors(
    store.read({ label: 'company.member' }, async (tx) => {
      await companyFor(tx, asked.company_id, asked.user_id);
      const member = await tx.get('company_members', [asked.company_id, asked.member_id]);
      if (!member) throw fail('company.member_unknown', { user_id: asked.member_id });
      return withName(tx, member);
    }),
  );
}

export async function withName(
  tx: ReadTransaction,
  member: CompanyMemberDoc,
): Promise<CompanyMemberResource> {
  const [named] = await withNames(tx, [member]);
  if (!named) throw fail('company.member_unknown', { user_id: member.user_id });
  return named;
}

async function withNames(
  tx: ReadTransaction,
  members: readonly CompanyMemberDoc[],
): Promise<CompanyMemberResource[]> {
  const users = await tx.getMany(
    'users',
    members.map((member) => [member.user_id]),
  );
  return members.map(({ user_id, role, since }, index) => ({
    ...{ user_id, name: users[index]?.name ?? '', role, since },
  }));
}
