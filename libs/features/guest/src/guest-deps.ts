import type { Committer } from '@state-server/commit';
import type { Environment } from '@state-server/domain';
import type { RevocationDoc, Store } from '@state-server/persistence-port';

/** Injection token for what the doors of links, moderation and people work with. */
export const GUESTS_DEPS = Symbol('GUESTS_DEPS');

export interface GuestsDeps {
  readonly store: Store;
  readonly committer: Pick<Committer, 'administer'>;
  readonly environment: Pick<Environment, 'clock' | 'ids'>;
  /** Tells the other services at once that tokens are dead; without it they find out within 2 s (SYNC F2). */
  readonly announce?: ((revocation: RevocationDoc) => void) | undefined;
}
