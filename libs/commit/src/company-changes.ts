import {
  asBraneId,
  type CompanyId,
  type CompanyRole,
  heirOfCompany,
  COMPANY_LIMITS,
  type OpId,
  type UserId,
} from '@state-server/domain';
import type { CompanyDoc, OperationDoc, Transaction } from '@state-server/persistence-port';

/** The work that brings what its branes know of a company to what the company is. */
export const COMPANY_REACH = 'company.reach';

export interface ReachCompany {
  readonly company_id: CompanyId;
  /** Who asks. */
  readonly user_id: UserId;
  /** Of the operation; the same in every attempt. */
  readonly operation_id: string;
  readonly op_id: OpId;
  /** Who has just left: what the branes made him themselves goes as well. */
  readonly gone?: UserId;
  /** RFC 3339. */
  readonly at: string;
}

/** Writes that work down in the transaction of the change. */
export function reachCompany(tx: Transaction, reach: ReachCompany): OperationDoc {
  const { company_id, user_id, operation_id, op_id, gone, at } = reach;
  const operation: OperationDoc = {
    id: operation_id,
    kind: COMPANY_REACH,
    // It belongs to no brane; no brane has a company's id.
    brane_id: asBraneId(company_id),
    ...{ user_id, op_id, fingerprint: COMPANY_REACH, state: 'running', step: 0, progress: { done: 0 } },
    input: { company_id, ...(gone === undefined ? {} : { gone }) },
    ...{ created_at: at, updated_at: at, due_at: at },
  };
  tx.put('operations', operation);
  return operation;
}

/** The company after a change of its people or of itself; every change goes through here, so that any two see each other. */
export function putCompany(
  tx: Transaction,
  before: CompanyDoc,
  changes: Partial<Omit<CompanyDoc, 'id' | 'version'>>,
  at: string,
): CompanyDoc {
  const after: CompanyDoc = { ...before, ...changes, version: before.version + 1, updated_at: at };
  tx.put('companies', after);
  return after;
}

/** How the counts change when somebody who was `from` becomes `to`; undefined: no member. */
export function countsAfter(
  { owners, members }: CompanyDoc,
  from: CompanyRole | undefined,
  to: CompanyRole | undefined,
): Pick<CompanyDoc, 'owners' | 'members'> {
  const one = (is: boolean): number => (is ? 1 : 0);
  return {
    owners: owners - one(from === 'owner') + one(to === 'owner'),
    members: members - one(from !== undefined) + one(to !== undefined),
  };
}

/**
 * Takes whoever is gone for good out of a company. Where he was its last owner, the administrator who has been there longest
 * becomes it, else the member who has; with nobody left the company is gone too. Answers what became of it.
 */
export async function leaveForGood(
  tx: Transaction,
  company_id: CompanyId,
  user_id: UserId,
  at: string,
): Promise<{ readonly company: CompanyDoc; readonly heir?: UserId } | undefined> {
  const company = await tx.get('companies', [company_id]);
  const member = await tx.get('company_members', [company_id, user_id]);
  if (member) tx.delete('company_members', [company_id, user_id]);
  if (!company || !member || company.deleted_at !== undefined) return undefined;
  const counts = countsAfter(company, member.role, undefined);
  if (counts.owners > 0) return { company: putCompany(tx, company, counts, at) };
  const members = await tx.range('company_members', { prefix: [company_id], limit: COMPANY_LIMITS.members });
  const heir = heirOfCompany(members.filter((other) => other.user_id !== user_id));
  if (!heir) return { company: putCompany(tx, company, { ...counts, deleted_at: at }, at) };
  const found = members.find((other) => other.user_id === heir);
  if (found) tx.put('company_members', { ...found, role: 'owner' });
  return { company: putCompany(tx, company, { ...counts, owners: 1 }, at), heir };
}
