import type { AuditBy } from '@state-server/audit';
import type { Committer } from '@state-server/commit';
import type { CompanyId, Environment, OpId, UserId } from '@state-server/domain';
import type { CompanyDoc, Store, Transaction } from '@state-server/persistence-port';

/** Injection token for what the company doors work with. */
export const COMPANY_DEPS = Symbol('COMPANY_DEPS');

export interface CompanyDeps {
  readonly store: Store;
  readonly committer: Pick<Committer, 'administer'>;
  readonly environment: Pick<Environment, 'clock' | 'ids'>;
  /** Tells those who work operations off that there is a new one; without it they find it by themselves. */
  readonly poke?: () => void;
}

/** Who changes a company, from where. */
export interface CompanyWriter {
  readonly user_id: UserId;
  readonly company_id: CompanyId;
  readonly op_id: OpId;
  /** Of the operation that a change of its people leaves behind; the same in every attempt. */
  readonly operation_id: string;
  readonly from: AuditBy;
  /** Refused with `precondition.failed` when the company is at another version than these. */
  readonly if_versions?: readonly number[];
}

/** Further writes of the caller in the transaction of the change; may run several times. */
export type Also<T> = (tx: Transaction, written: T) => Promise<void>;

/** A company, as one of its members sees it. */
export interface SeenCompany {
  readonly company: CompanyDoc;
  readonly role: 'owner' | 'admin' | 'member';
}
