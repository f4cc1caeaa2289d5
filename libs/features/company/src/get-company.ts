import { withReadErrors } from '@state-server/commit';
import { asCompanyId, type CompanyId, type UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import type { SeenCompany } from './company-deps';
import { companyFor } from './write-company';

/** Throws `company.not_found`, also for who is no member. */
export async function getCompany(store: Store, id: CompanyId, userId: UserId): Promise<SeenCompany> {
  return withReadErrors(store.read({ label: 'company.get' }, (tx) => companyFor(tx, id, userId)));
}

export interface ListCompanies {
  readonly user_id: UserId;
  readonly after?: string;
  readonly limit: number;
}

/** The companies that somebody is a member of, by id. `next`: where the next page begins; a page may be short and lead on. */
export async function listCompanies(
  store: Store,
  { user_id, after, limit }: ListCompanies,
): Promise<{ readonly items: readonly SeenCompany[]; readonly next: string | undefined }> {
  return withReadErrors(
    store.read({ label: 'company.list' }, async (tx) => {
      const memberships = await tx.range('company_members', {
        ...{ index: 'by_user', prefix: [user_id], limit },
        ...(after === undefined ? {} : { gt: [asCompanyId(after)] }),
      });
      const companies = await tx.getMany(
        'companies',
        memberships.map(({ company_id }) => [company_id]),
      );
      const items = memberships.flatMap(({ role }, index) => {
        const company = companies[index];
        return company && company.deleted_at === undefined ? [{ company, role }] : [];
      });
      const last = memberships.length < limit ? undefined : memberships.at(-1);
      return { items, next: last?.company_id };
    }),
  );
}
