import { type ActionOn, RIGHTS } from './authorisation/rights';
import type { BraneCompany, Role } from './entities';
import type { CompanyId, UserId } from './ids';

export type CompanyRole = 'owner' | 'admin' | 'member';

/** What members of a company are in its branes. */
export type CompanyBraneRole = Extract<Role, 'editor' | 'viewer'>;

export const COMPANY_LIMITS = {
  members: 500,
  /** Invitations that wait. */
  invitations: 200,
  /** Of which one user is a member. */
  companies_per_user: 100,
  name_chars: 100,
  /** Of an invitation. */
  invitation_days: 30,
} as const;

export type CompanyAction = ActionOn<'company'>;

/** Whether somebody who is this in a company may do this: what RIGHTS says, where the role is all that is known of him. */
export function companyCan(role: CompanyRole | undefined, action: CompanyAction): boolean {
  const rights: readonly CompanyAction[] = role === undefined ? [] : RIGHTS.company[role];
  return rights.includes(action);
}

/** What somebody is in every brane of the company: whoever runs the company runs its branes. */
export function inheritedRole(role: CompanyRole, braneRole: CompanyBraneRole): Role {
  return role === 'member' ? braneRole : 'owner';
}

/** What a brane of the company knows of its people. */
export function braneCompany(
  id: CompanyId,
  braneRole: CompanyBraneRole,
  members: readonly { readonly user_id: UserId; readonly role: CompanyRole }[],
): BraneCompany {
  const roles: Record<UserId, Role> = {};
  for (const { user_id, role } of members) roles[user_id] = inheritedRole(role, braneRole);
  return { id, members: roles };
}

/** Who becomes the owner of a company that has none any more: the administrator who has been there longest, else the member who has. */
export function heirOfCompany(
  members: readonly { readonly user_id: UserId; readonly role: CompanyRole; readonly since: string }[],
): UserId | undefined {
  const place = ({ role, since, user_id }: (typeof members)[number]): string =>
    `${role === 'member' ? 1 : 0} ${since} ${user_id}`;
  const [first] = [...members].sort((a, b) => (place(a) < place(b) ? -1 : 1));
  return first?.user_id;
}
