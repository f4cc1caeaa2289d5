import { withReadErrors } from '@state-server/commit';
import type { Clock, CompanyId, UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import type { CompanyInvitationResource } from '@state-server/protocol';
import { showInvitation } from './invite';
import { assertCompanyRight, companyFor } from './write-company';

export interface ListInvitations {
  readonly user_id: UserId;
  readonly company_id: CompanyId;
  readonly after?: readonly [created_at: string, id: string];
  readonly limit: number;
}

/** Those that can still be accepted, the oldest first. `next`: where the next page begins; a page may be short and lead on. */
export async function listInvitations(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { user_id, company_id, after, limit }: ListInvitations,
): Promise<{
  readonly items: readonly CompanyInvitationResource[];
  readonly next: readonly [string, string] | undefined;
}> {
  return withReadErrors(
    store.read({ label: 'company.invitations' }, async (tx) => {
      const { role } = await companyFor(tx, company_id, user_id);
      assertCompanyRight(role, 'company.manage_members');
      const found = await tx.range('company_invitations', {
        ...{ index: 'by_company', prefix: [company_id], limit },
        ...(after ? { gt: after } : {}),
      });
      const now = new Date(clock.now()).toISOString();
      const last = found.length < limit ? undefined : found.at(-1);
      return {
        items: found.filter(({ expires_at }) => expires_at > now).map(showInvitation),
        next: last && [last.created_at, last.id],
      };
    }),
  );
}
