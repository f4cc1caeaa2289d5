import { type AuditEntry, recordAudit } from '@state-server/audit';
import { putCompany, reachCompany, toCommitError } from '@state-server/commit';
import { type CompanyAction, companyCan, type CompanyRole, type UserId } from '@state-server/domain';
import type { CompanyDoc, ReadTransaction, Transaction } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { Also, CompanyDeps, CompanyWriter } from './company-deps';

export interface CompanyChange {
  readonly tx: Transaction;
  readonly company: CompanyDoc;
  /** Of who asks. */
  readonly role: CompanyRole;
  /** RFC 3339. */
  readonly at: string;
}

/** What a change makes of the company. */
export interface ChangedCompany<T> {
  readonly fields: Partial<Omit<CompanyDoc, 'id' | 'version'>>;
  /** What its branes know of it changes with it; `gone` has left. */
  readonly reach?: { readonly gone?: UserId };
  readonly act?: Pick<AuditEntry, 'action' | 'target' | 'details'>;
  readonly result: (company: CompanyDoc) => T;
}

/**
 * Changes a company in one transaction, with its audit entry and the work that follows. Throws `company.not_found` for who is
 * no member, `permission.denied`, `precondition.failed`, what `change` throws, and what a commit may throw.
 */
export async function writeCompany<T>(
  deps: CompanyDeps,
  writer: CompanyWriter,
  change: (input: CompanyChange) => Promise<ChangedCompany<T>>,
  also?: Also<T>,
): Promise<T> {
  const now = deps.environment.clock.now();
  const at = new Date(now).toISOString();
  const { company_id, user_id, if_versions } = writer;
  try {
    const written = await deps.store.transact({ label: 'company.write' }, async (tx) => {
      const { company, role } = await companyFor(tx, company_id, user_id);
      const changed = await change({ tx, company, role, at });
      // Who may not is told so, whatever else would be wrong.
      if (if_versions?.includes(company.version) === false) {
        throw fail('precondition.failed', { version: company.version });
      }
      const after = putCompany(tx, company, changed.fields, at);
      if (changed.reach) reachCompany(tx, { ...writer, ...changed.reach, at });
      if (changed.act) {
        const target = changed.act.target ?? { kind: 'company', id: company_id };
        recordAudit(tx, { ...writer.from, ...changed.act, target, company_id, at: now });
      }
      const result = changed.result(after);
      await also?.(tx, result);
      return { result, reaches: changed.reach !== undefined };
    });
    if (written.reaches) deps.poke?.();
    return written.result;
  } catch (error) {
    throw toCommitError(error);
  }
}

/** The company and what this user is in it; who is no member is not told that there is one. */
export async function companyFor(
  tx: ReadTransaction,
  id: CompanyDoc['id'],
  userId: UserId,
): Promise<{ readonly company: CompanyDoc; readonly role: CompanyRole }> {
  const [company, member] = await Promise.all([
    tx.get('companies', [id]),
    tx.get('company_members', [id, userId]),
  ]);
  if (!company || company.deleted_at !== undefined || !member) throw fail('company.not_found', { id });
  return { company, role: member.role };
}

/** Throws `permission.denied`. */
export function assertCompanyRight(role: CompanyRole, action: CompanyAction): void {
  if (!companyCan(role, action))
    throw fail('permission.denied', { role }, `A company's ${role} may not do this.`);
}
