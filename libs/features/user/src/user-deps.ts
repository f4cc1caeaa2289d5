import type { Committer, Reads } from '@state-server/commit';
import type { Environment } from '@state-server/domain';
import type { RevocationDoc, Store } from '@state-server/persistence-port';

/** Injection token for what the user doors work with. */
export const USER_DEPS = Symbol('USER_DEPS');

/** What the use cases work with. */
export interface UserDeps extends Reads {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock' | 'ids'>;
  /** Tells the other services at once that tokens are dead; without it they find out within 2 s (SYNC F2). */
  readonly announce?: (revocation: RevocationDoc) => void;
  /** How long a key of a service account may live at most, days; default 365. */
  readonly serviceKeyMaxDays?: number;
  /** Tells those who work operations off that there is a new one; without it they find it by themselves. */
  readonly poke?: () => void;
}

export interface UserOperationDeps extends Pick<UserDeps, 'store' | 'environment'> {
  readonly committer: Pick<Committer, 'administer'>;
}
