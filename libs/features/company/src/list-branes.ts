import { withReadErrors } from '@state-server/commit';
import { asBraneId, type CompanyId, inheritedRole, type Role, type UserId } from '@state-server/domain';
import type { BraneDoc, HeadDoc, Store } from '@state-server/persistence-port';
import { companyFor } from './write-company';

export interface ListCompanyBranes {
  readonly user_id: UserId;
  readonly company_id: CompanyId;
  readonly after?: string;
  readonly limit: number;
}

export interface CompanyBrane {
  readonly brane: BraneDoc;
  readonly head: HeadDoc;
  readonly role: Role;
}

/** Its live branes, by id. `next`: where the next page begins; a page may be short and lead on. Throws `company.not_found`. */
export async function listBranes(
  store: Store,
  { user_id, company_id, after, limit }: ListCompanyBranes,
): Promise<{ readonly items: readonly CompanyBrane[]; readonly next: string | undefined }> {
  return withReadErrors(
    store.read({ label: 'company.branes' }, async (tx) => {
      const { company, role } = await companyFor(tx, company_id, user_id);
      const branes = await tx.range('branes', {
        ...{ index: 'by_company', prefix: [company_id], limit },
        ...(after === undefined ? {} : { gt: [asBraneId(after)] }),
      });
      const heads = await tx.getMany(
        'heads',
        branes.map(({ id }) => [id]),
      );
      const items = branes.flatMap((brane, index) => {
        const head = heads[index];
        const isLive = head && brane.status === 'live';
        return isLive ? [{ brane, head, role: inheritedRole(role, company.brane_role) }] : [];
      });
      return { items, next: branes.length < limit ? undefined : branes.at(-1)?.id };
    }),
  );
}
