import type { CryptoKey, JWTPayload } from 'jose';
import type { Identity } from './identity';

/** What signs by a key pair, and what by a shared secret. A key is imported for one of them and works with no other. */
export const ASYMMETRIC_ALGORITHMS = [
  'EdDSA',
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const;

export type AsymmetricAlgorithm = (typeof ASYMMETRIC_ALGORITHMS)[number];
export type TokenAlgorithm = AsymmetricAlgorithm | 'HS256';

/** Somebody whose tokens are good here, and what a token of his must look like. */
export interface TrustedIssuer {
  /** The `iss` of its tokens, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  /** Of its keys; a token is his only when its `alg` is one of them. */
  readonly algorithms: readonly TokenAlgorithm[];
  /** The `typ` that its tokens may have, in lower case; undefined stands for none. */
  readonly types: readonly (string | undefined)[];
  /** Names of the header that its tokens may have; default: any that brings no key along. */
  readonly headers?: readonly string[];
  readonly requiredClaims: readonly string[];
  /** Seconds by which its clock may differ from ours where `nbf` is compared; expiry is never stretched. */
  readonly toleranceSeconds: number;
  /** Undefined: there is no such key. Throws `dependency.unavailable`. */
  readonly findKey: (
    kid: string | undefined,
    algorithm: TokenAlgorithm,
  ) => Promise<CryptoKey | Uint8Array | undefined>;
  /** Whom genuine claims stand for. Throws `auth.invalid_token`, and what finding the user may throw. */
  readonly identify: (claims: JWTPayload, token: { readonly digest: string }) => Identity | Promise<Identity>;
}
