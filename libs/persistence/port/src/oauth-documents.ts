/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/** A sign-in that is at its provider. It is used up when the browser comes back, whatever comes of it. */
export interface OAuthFlowDoc {
  /** SHA-256 of the state, hex. */
  readonly hash: string;
  /** SHA-256 of the secret in the cookie of the browser that began it, hex. */
  readonly browser: string;
  readonly provider: string;
  readonly redirect_uri: string;
  /** Where the browser goes in the end; was on the list when the sign-in began. */
  readonly return_to: string;
  /** S256 (RFC 7636) of the client's verifier: whoever redeems the code has to show that. */
  readonly challenge: string;
  /** What the strategy needs to check the answer: nonce, verifier, … */
  readonly kept: Readonly<Record<string, string>>;
  readonly expires_at: Time;
}

/** Somebody whom a provider has named, until his client takes him over with the one-time code. */
export interface OAuthCodeDoc {
  /** SHA-256 of the code, hex. */
  readonly hash: string;
  readonly challenge: string;
  readonly provider: string;
  readonly subject: string;
  readonly name?: string;
  readonly email?: string;
  readonly email_verified: boolean;
  readonly expires_at: Time;
}
