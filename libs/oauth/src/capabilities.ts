/**
 * What a strategy can do beyond what all of them must: the tests of the suite that do not apply to a library are those
 * whose ability it lacks (docs/spec/oauth.md shows this table).
 */
export interface Capabilities {
  /** The code is bound to the sign-in that asked for it (RFC 7636). `added`: by us, the library does not know it. */
  readonly pkce: 'own' | 'added';
  /** The id token is bound to the sign-in. */
  readonly nonce: boolean;
  /** An id token is read: signature, issuer, audience and times. Without it, userinfo says who it is. */
  readonly idToken: boolean;
  /** `iss` of the answer is held against the issuer (RFC 9207). `added`: by us, in front of the library. */
  readonly answerIssuer: 'own' | 'added';
  /** Seconds for which a provider's new key may go unseen. */
  readonly keysStaleSeconds: number;
  /** Calls end by themselves. `added`: we replace how the library goes out. */
  readonly deadline: 'own' | 'added';
  readonly maintained: boolean;
}

export const CAPABILITIES = {
  'openid-client': {
    pkce: 'own',
    nonce: true,
    idToken: true,
    answerIssuer: 'own',
    keysStaleSeconds: 60,
    deadline: 'own',
    maintained: true,
  },
  'passport-google-oauth20': {
    pkce: 'own',
    nonce: false,
    idToken: false,
    answerIssuer: 'added',
    keysStaleSeconds: 0,
    deadline: 'added',
    maintained: true,
  },
  'passport-azure-ad': {
    pkce: 'added',
    nonce: true,
    idToken: true,
    answerIssuer: 'added',
    keysStaleSeconds: 1_800,
    deadline: 'added',
    maintained: false,
  },
} as const satisfies Readonly<Record<string, Capabilities>>;

export type Library = keyof typeof CAPABILITIES;
