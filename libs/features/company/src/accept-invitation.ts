import { type AuditBy, recordAudit } from '@state-server/audit';
import { countsAfter, putCompany, reachCompany, toCommitError } from '@state-server/commit';
import { COMPANY_LIMITS, companyCan, type CompanyRole, type OpId, type UserId } from '@state-server/domain';
import { foldMailAddress } from '@state-server/mail';
import type {
  CompanyDoc,
  CompanyInvitationDoc,
  ReadTransaction,
  Transaction,
} from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { Also, CompanyDeps, SeenCompany } from './company-deps';
import { assertMayJoin } from './guard-member';
import { digestOf } from './invite';

export interface AcceptInvitation {
  readonly user_id: UserId;
  readonly token: string;
  readonly op_id: OpId;
  readonly operation_id: string;
  readonly from: AuditBy;
  readonly also?: Also<SeenCompany>;
}

/**
 * Makes the user a member: with the token, once, in time, and only if the address that it was sent to is his, as whoever
 * signed him in has verified it. Who holds the link alone gets nothing by it. An invitation is worth what its author may
 * still do: once he may not, it is as if withdrawn. Throws `invitation.not_found`, `invitation.not_yours`,
 * `user.not_found`, `company.full`, `company.too_many`, and what a commit may throw.
 */
export async function acceptInvitation(deps: CompanyDeps, input: AcceptInvitation): Promise<SeenCompany> {
  const now = deps.environment.clock.now();
  try {
    const seen = await deps.store.transact({ label: 'company.accept' }, async (tx) => {
      const joined = await accept(tx, input, now);
      await input.also?.(tx, joined);
      return joined;
    });
    deps.poke?.();
    return seen;
  } catch (error) {
    throw toCommitError(error);
  }
}

async function accept(tx: Transaction, input: AcceptInvitation, now: number): Promise<SeenCompany> {
  const { user_id, op_id, operation_id, from } = input;
  const at = new Date(now).toISOString();
  const { invitation, company } = await findInvitation(tx, input.token, at);
  if (!(await addressesOf(tx, user_id)).has(invitation.email)) throw fail('invitation.not_yours');
  const { id: invitation_id, company_id, role, invited_by } = invitation;
  tx.delete('company_invitations', [invitation_id]);
  const before = await tx.get('company_members', [company_id, user_id]);
  // Whoever is a member already keeps his role: an invitation makes nobody less.
  if (before) return { company, role: before.role };
  await assertMayJoin(tx, user_id);
  if (company.members >= COMPANY_LIMITS.members) throw fail('company.full', { max: COMPANY_LIMITS.members });
  tx.put('company_members', { company_id, user_id, role, since: at });
  const after = putCompany(tx, company, countsAfter(company, undefined, role), at);
  reachCompany(tx, { company_id, user_id, op_id, operation_id, at });
  recordAudit(tx, {
    ...{ ...from, action: 'company.invitation_accepted', company_id, at: now },
    target: { kind: 'user', id: user_id },
    details: { role, invited_by, invitation: invitation_id },
  });
  return { company: after, role };
}

/** Found by its digest, so that no comparison tells anything of the token. Its deletion is what makes it good once. */
async function findInvitation(
  tx: ReadTransaction,
  token: string,
  at: string,
): Promise<{ readonly invitation: CompanyInvitationDoc; readonly company: CompanyDoc }> {
  const [invitation] = await tx.range('company_invitations', {
    ...{ index: 'by_hash', prefix: [digestOf(token)], limit: 1 },
  });
  const company = invitation && (await tx.get('companies', [invitation.company_id]));
  if (!invitation || !company || company.deleted_at !== undefined || invitation.expires_at <= at) {
    throw fail('invitation.not_found');
  }
  const { company_id, invited_by, role } = invitation;
  const inviter = await tx.get('company_members', [company_id, invited_by]);
  if (!mayInvite(inviter?.role, role)) throw fail('invitation.not_found');
  return { invitation, company };
}

function mayInvite(inviter: CompanyRole | undefined, role: CompanyRole): boolean {
  return companyCan(inviter, role === 'owner' ? 'company.manage_owners' : 'company.manage_members');
}

/** Those that somebody is known by: of his account, and of what is linked with it. Only verified ones are ever kept there. */
async function addressesOf(tx: ReadTransaction, userId: UserId): Promise<ReadonlySet<string>> {
  const user = await tx.get('users', [userId]);
  if (!user || user.deleted_at !== undefined) throw fail('user.not_found', { id: userId });
  const identities = await tx.range('identities', { index: 'by_user', prefix: [userId], limit: 20 });
  const known = [user, ...identities].flatMap(({ email }) => (email === undefined ? [] : [email]));
  return new Set(known.map(foldMailAddress));
}
