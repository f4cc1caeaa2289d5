import { type CryptoKey, importJWK, type JWK } from 'jose';
import type { AsymmetricAlgorithm } from './trusted-issuer';

/** Bytes of the modulus of an RSA key at least (RFC 7518, 3.3). */
const RSA_BYTES = 256;

/**
 * The keys of an outside issuer's JWKS that it may sign with, each imported for one algorithm: it verifies with no other.
 * What is for encryption, symmetric, too short, of another algorithm or without a name is left out.
 */
export function importOutsideKeys(
  algorithms: readonly AsymmetricAlgorithm[],
): (keys: readonly object[]) => Promise<ReadonlyMap<string, CryptoKey>> {
  return async (keys) => {
    const imported = await Promise.all(keys.map((key) => importOne(key, algorithms)));
    return new Map(imported.filter((entry) => entry !== undefined));
  };
}

async function importOne(
  key: JWK,
  algorithms: readonly AsymmetricAlgorithm[],
): Promise<readonly [kid: string, key: CryptoKey] | undefined> {
  const algorithm = algorithms.find((candidate) => fits(key, candidate));
  if (algorithm === undefined || typeof key.kid !== 'string' || key.kid === '') return undefined;
  if (key.use !== undefined && key.use !== 'sig') return undefined;
  // Private parts that somebody published by mistake are not even looked at.
  const { kty, crv, x, y, n, e } = key;
  try {
    const imported = await importJWK({ kty, crv, x, y, n, e } as JWK, algorithm);
    return imported instanceof Uint8Array ? undefined : [key.kid, imported];
  } catch {
    return undefined;
  }
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

function fits({ kty, crv, alg, n }: JWK, algorithm: AsymmetricAlgorithm): boolean {
  if (alg !== undefined && alg !== algorithm) return false;
  if (algorithm === 'EdDSA') return kty === 'OKP' && crv === 'Ed25519';
  if (algorithm.startsWith('ES')) return kty === 'EC' && crv === CURVES[algorithm];
  return kty === 'RSA' && typeof n === 'string' && Buffer.from(n, 'base64url').length >= RSA_BYTES;
}
