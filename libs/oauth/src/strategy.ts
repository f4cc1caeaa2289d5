/** The providers that a user can sign in with. A subject is known by its provider; both together name one person. */
export const PROVIDERS = ['google', 'microsoft'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** Whom the provider has named. */
export interface ProvenIdentity {
  readonly provider: Provider;
  /** Never given to somebody else by this provider, and the same whichever library asks. */
  readonly subject: string;
  readonly name?: string;
  readonly email?: string;
  /** The provider says that he who signed in owns the address. Without it an address is only what somebody typed. */
  readonly email_verified: boolean;
}

/** What has to be kept, out of the browser's reach, until it comes back. */
export type Kept = Readonly<Record<string, string>>;

export interface BeginSignIn {
  /** Of this provider alone, so that an answer cannot be taken for another provider's. */
  readonly redirectUri: string;
  readonly prompt?: 'login' | 'select_account';
}

export interface BegunSignIn {
  /** Where the browser goes. */
  readonly url: string;
  /** At least 128 random bits; comes back with the answer. */
  readonly state: string;
  readonly kept: Kept;
}

export interface CompleteSignIn {
  /** The query with which the browser came back: no error, each parameter once. */
  readonly parameters: URLSearchParams;
  /** Of the sign-in that the answer belongs to. */
  readonly state: string;
  readonly kept: Kept;
  readonly redirectUri: string;
}

/**
 * One provider through one library. `begin` and `complete` of one sign-in may run in different processes: all they share is
 * what `begin` answers. Both end within the deadline of outgoing calls, or twice that. They throw StateError
 * `oauth.provider_unavailable` (it may go better later), `oauth.answer_invalid` (something is not as it must be),
 * `oauth.tenant_refused`; whatever else they throw is taken for an invalid answer.
 */
export interface OAuthStrategy {
  readonly provider: Provider;
  /** The issuer that may stand in the answer (RFC 9207): any other is somebody else's. */
  isIssuer(issuer: string): boolean;
  begin(request: BeginSignIn): Promise<BegunSignIn>;
  complete(answer: CompleteSignIn): Promise<ProvenIdentity>;
}
