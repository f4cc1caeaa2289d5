import type { Environment } from '@state-server/domain';
import type { Jwks, SessionLifetimes, TokenIssuer, TokenVerifier } from '@state-server/identity';
import type { Bus } from '@state-server/messaging-port';
import type { Store } from '@state-server/persistence-port';
import type { Logger } from '@state-server/platform';
import type { SignInLimit } from './sign-in-limit';

/** Injection token for what the auth doors work with. */
export const AUTH_DEPS = Symbol('AUTH_DEPS');

/** What the use cases work with. */
export interface AuthDeps {
  readonly store: Store;
  readonly bus: Bus;
  readonly tokens: TokenIssuer;
  readonly environment: Pick<Environment, 'clock' | 'ids'>;
  readonly log: Logger;
  /** Emails in lower case whose owners administer the installation. */
  readonly admins?: ReadonlySet<string>;
  /** Default: 30 days unused, 90 days at all. */
  readonly lifetimes?: SessionLifetimes;
}

export interface AuthHttpDeps extends AuthDeps {
  readonly verifier: TokenVerifier;
  /** At this moment. */
  readonly jwks: () => Jwks;
  readonly signInLimit: SignInLimit;
}
