import { type AuditBy, recordAudit } from '@state-server/audit';
import { toCommitError } from '@state-server/commit';
import type { CompanyBraneRole, CompanyId, UserId } from '@state-server/domain';
import type { CompanyDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { Also, CompanyDeps, SeenCompany } from './company-deps';
import { assertMayJoin } from './guard-member';

export interface CreateCompany {
  readonly user_id: UserId;
  readonly id: CompanyId;
  readonly name: string;
  readonly brane_role: CompanyBraneRole;
  readonly from: AuditBy;
  readonly also?: Also<SeenCompany>;
}

/** Makes a company; the user is its owner. Throws `id.taken`, `user.not_found`, `company.too_many`. */
export async function createCompany(deps: CompanyDeps, input: CreateCompany): Promise<SeenCompany> {
  const { user_id, id, name, brane_role, from, also } = input;
  const now = deps.environment.clock.now();
  const at = new Date(now).toISOString();
  try {
    return await deps.store.transact({ label: 'company.create' }, async (tx) => {
      if (await tx.get('companies', [id])) throw fail('id.taken', { id });
      await assertMayJoin(tx, user_id);
      const company: CompanyDoc = {
        ...{ id, name, brane_role, owners: 1, members: 1, version: 1 },
        ...{ created_at: at, updated_at: at, created_by: user_id },
      };
      tx.put('companies', company);
      tx.put('company_members', { company_id: id, user_id, role: 'owner', since: at });
      const target = { kind: 'company', id } as const;
      recordAudit(tx, { ...from, action: 'company.created', target, company_id: id, at: now });
      const seen: SeenCompany = { company, role: 'owner' };
      await also?.(tx, seen);
      return seen;
    });
  } catch (error) {
    throw toCommitError(error);
  }
}
