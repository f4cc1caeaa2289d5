import type { TokenVerifier } from '@state-server/identity';
import type { OAuthStrategy, Provider } from '@state-server/oauth';
import type { AuthDeps } from '../auth-deps';
import type { SignInLimit } from '../sign-in-limit';

/** Injection token for what the doors of providers and identities work with. */
export const OAUTH_DEPS = Symbol('OAUTH_DEPS');

/** What the use cases work with. */
export interface OAuthDeps extends AuthDeps {
  readonly strategies: ReadonlyMap<Provider, OAuthStrategy>;
  /** Of the one origin, as browsers and providers know it: `https://world.example`. */
  readonly publicUrl: string;
  /** Where a browser may be sent in the end; no slash is cut off or added. */
  readonly returnUrls: readonly string[];
  /** Ways to sign in that work in this installation; an identity of another one lets nobody in. */
  readonly ways: ReadonlySet<string>;
  /** Milliseconds after a sign-in in which ways to sign in may be changed. */
  readonly recentMs: number;
}

export interface OAuthHttpDeps extends OAuthDeps {
  readonly verifier: TokenVerifier;
  readonly signInLimit: SignInLimit;
}

/** How long somebody may take at his provider, and his browser may take to redeem what it got. */
export const FLOW_MS = 10 * 60 * 1_000;
export const CODE_MS = 60 * 1_000;

/** Of this provider alone (RFC 9700, 4.4.2.2). */
export const redirectUriOf = ({ publicUrl }: Pick<OAuthDeps, 'publicUrl'>, provider: Provider): string =>
  `${publicUrl}/auth/${provider}/callback`;
