import {
  type BraneCompany,
  braneCompany,
  type BraneMeta,
  COMPANY_LIMITS,
  type CompanyId,
  type CompanyRole,
  inheritedRole,
  type Role,
  type UserId,
} from '@state-server/domain';
import type { CompanyDoc, ReadTransaction, Transaction } from '@state-server/persistence-port';
import type { Work } from './work';

/** A company that is there, with what its branes are to know of it. */
export interface CompanyView {
  readonly company: CompanyDoc;
  readonly inBranes: BraneCompany;
  roleOf(userId: UserId): CompanyRole | undefined;
}

/** Undefined when there is no such company, or no more. */
export async function readCompanyIn(tx: ReadTransaction, id: CompanyId): Promise<CompanyView | undefined> {
  const company = await tx.get('companies', [id]);
  if (!company || company.deleted_at !== undefined) return undefined;
  const members = await tx.range('company_members', { prefix: [id], limit: COMPANY_LIMITS.members });
  const roles = new Map(members.map(({ user_id, role }) => [user_id, role]));
  return {
    company,
    inBranes: braneCompany(id, company.brane_role, members),
    roleOf: (userId) => roles.get(userId),
  };
}

/**
 * A brane with the people that its company has now. Whoever makes a brane of this guards the company: of a change of the
 * company and a new brane, one sees the other.
 */
export async function withCurrentCompany(tx: Transaction, meta: BraneMeta): Promise<BraneMeta> {
  if (!meta.company) return meta;
  tx.guard('companies', [meta.company.id]);
  const view = await readCompanyIn(tx, meta.company.id);
  return { ...meta, company: view?.inBranes ?? null };
}

/**
 * What a brane knows of its company is kept by an operation, which comes a moment after the company has changed. A write
 * does not wait for it: whoever writes by his company's right alone has the one that the company gives him in this
 * transaction, or none.
 */
export class CompanyGuard {
  private constructor(private readonly roles: ReadonlyMap<UserId, Role | undefined>) {}

  static async read(
    tx: ReadTransaction,
    meta: BraneMeta,
    works: readonly { readonly request: Pick<Work['request'], 'actor'> }[],
  ): Promise<CompanyGuard | undefined> {
    if (!meta.company) return undefined;
    const { id, members } = meta.company;
    const asking = new Set<UserId>();
    for (const { request } of works) {
      const { kind, user_id } = request.actor;
      if (kind === 'user' && Object.hasOwn(members, user_id)) asking.add(user_id);
    }
    if (asking.size === 0) return undefined;
    const userIds = [...asking];
    const [company, found] = await Promise.all([
      tx.get('companies', [id]),
      tx.getMany(
        'company_members',
        userIds.map((userId) => [id, userId]),
      ),
    ]);
    const braneRole = company?.deleted_at === undefined ? company?.brane_role : undefined;
    const roles = userIds.map((userId, index) => {
      const member = found[index];
      return [userId, member && braneRole && inheritedRole(member.role, braneRole)] as const;
    });
    return new CompanyGuard(new Map(roles));
  }

  /** The brane as it is for this user: with the role that he has in the company now. */
  apply(meta: BraneMeta, userId: UserId): BraneMeta {
    if (!meta.company || !this.roles.has(userId)) return meta;
    const { id, members } = meta.company;
    const role = this.roles.get(userId);
    if (members[userId] === role) return meta;
    const { [userId]: _, ...others } = members;
    return { ...meta, company: { id, members: role ? { ...others, [userId]: role } : others } };
  }
}
