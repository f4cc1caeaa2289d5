import type { CryptoKey } from 'jose';
import type { KeySource } from './key-source';
import { readOutsideClaims } from './outside-claims';
import type { OutsideIssuer } from './outside-issuer-settings';
import { admitOutsider, type OutsideUsersDeps } from './outside-users';
import type { TrustedIssuer } from './trusted-issuer';

/** An outside issuer, whose keys come from where it publishes them. */
export function outsideIssuer(
  settings: OutsideIssuer,
  keys: Pick<KeySource, 'find'>,
  deps: OutsideUsersDeps,
): TrustedIssuer {
  const provider = `issuer:${settings.issuer}`;
  return {
    issuer: settings.issuer,
    audience: settings.audience,
    algorithms: settings.algorithms,
    types: settings.types.map((type) => (type === 'none' ? undefined : type.toLowerCase())),
    requiredClaims: [],
    toleranceSeconds: settings.clock_tolerance_seconds,
    findKey: async (kid): Promise<CryptoKey | undefined> => (kid === undefined ? undefined : keys.find(kid)),
    identify: (claims, { digest }) =>
      admitOutsider(deps, readOutsideClaims(provider, settings, claims, digest)),
  };
}

/**
 * Tokens that the installation's own services sign with a secret that they share with us (HS256), from before there were key
 * pairs. The secret is all that is ever tried on them, and it is tried on nothing else, so a public key is never a secret.
 */
export function sharedSecretIssuer(
  options: {
    readonly issuer: string;
    readonly audience: string;
    /** At this moment; undefined: there is none, and no such token is good. */
    readonly secret: () => string | undefined;
  },
  deps: OutsideUsersDeps,
): TrustedIssuer {
  const claims = { user_id: 'sub', name: 'name', session: 'sid' };
  return {
    issuer: options.issuer,
    audience: options.audience,
    algorithms: ['HS256'],
    types: ['at+jwt', 'jwt', undefined],
    headers: ['alg', 'typ', 'kid'],
    requiredClaims: ['sub'],
    toleranceSeconds: 0,
    findKey: async () => {
      const secret = options.secret();
      return secret === undefined ? undefined : new TextEncoder().encode(secret);
    },
    identify: (payload, { digest }) => {
      const read = readOutsideClaims('jwt-secret', { claims, admin_roles: [], scopes: {} }, payload, digest);
      return admitOutsider(deps, read, true);
    },
  };
}

/** What looks like a key that is published must not be a secret: whoever can read it could sign. */
export function looksPublic(secret: string): boolean {
  return /-----BEGIN|"kty"|^ssh-|^MI[IG]|^MFkw|^MCowBQYDK2V/.test(secret.trim());
}
