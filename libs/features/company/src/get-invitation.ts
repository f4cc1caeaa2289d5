import { withReadErrors } from '@state-server/commit';
import type { Clock, CompanyId, UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { type CompanyInvitationResource, fail } from '@state-server/protocol';
import { showInvitation } from './invite';
import { assertCompanyRight, companyFor } from './write-company';

export interface GetInvitation {
  readonly user_id: UserId;
  readonly company_id: CompanyId;
  readonly invitation_id: string;
}

/** One that can still be accepted. Throws `company.not_found`, `permission.denied`, `invitation.not_found`. */
export async function getInvitation(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { user_id, company_id, invitation_id: id }: GetInvitation,
): Promise<CompanyInvitationResource> {
  return withReadErrors(
    store.read({ label: 'company.invitation' }, async (tx) => {
      const { role } = await companyFor(tx, company_id, user_id);
      assertCompanyRight(role, 'company.manage_members');
      const found = await tx.get('company_invitations', [id]);
      const stands = found?.company_id === company_id && Date.parse(found.expires_at) > clock.now();
      if (!found || !stands) throw fail('invitation.not_found', { id });
      return showInvitation(found);
    }),
  );
}
