import type { CryptoKey } from 'jose';
import { importPublicKey, type Jwks } from './signing-keys';

/** Where the public keys come from that access tokens are checked with. */
export interface KeySource {
  /** The key of this name; undefined when there is none. Throws `dependency.unavailable` when that cannot be known. */
  find(kid: string): Promise<CryptoKey | undefined>;
  /** For readiness: whether tokens can be checked at this moment. */
  state(): { readonly status: 'ok' | 'degraded' | 'unavailable'; readonly message?: string };
}

/** Keys that are at hand: in the auth service itself, and in tests. */
export async function staticKeys(jwks: Jwks): Promise<KeySource> {
  const keys = await importKeys(jwks);
  return { find: async (kid) => keys.get(kid), state: () => ({ status: 'ok' }) };
}

export async function importKeys(jwks: Jwks): Promise<ReadonlyMap<string, CryptoKey>> {
  const entries = jwks.keys.map(async (key) => [key.kid, await importPublicKey(key)] as const);
  return new Map(await Promise.all(entries));
}
