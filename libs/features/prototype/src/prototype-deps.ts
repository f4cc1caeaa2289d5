import type { Committer } from '@state-server/commit';
import type { Environment, UserId } from '@state-server/domain';
import type { PrototypeDoc, Store, Transaction } from '@state-server/persistence-port';

export interface PrototypeDeps {
  readonly store: Store;
  readonly committer: Committer;
  readonly environment: Pick<Environment, 'clock' | 'ids'>;
}

/** What every change of a prototype carries. */
export interface PrototypeWriter {
  readonly user_id: UserId;
  /** Further writes of the caller in the same transaction; may run several times. */
  readonly also?: (tx: Transaction, prototype: PrototypeDoc) => Promise<void>;
}
