import { createPrivateKey, createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint, type CryptoKey, importJWK, importPKCS8 } from 'jose';

/** A public key as it stands in the JWKS. */
export interface PublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  /** Its RFC 7638 thumbprint. */
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

export interface Jwks {
  readonly keys: readonly PublicKey[];
}

export interface SigningKeys {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** All public keys, the signing one first. */
  readonly jwks: Jwks;
}

const PEM_BLOCK = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/g;

/**
 * The keys of the auth service from PKCS #8 PEM (Ed25519). Of several blocks the first signs and all verify: to rotate,
 * put the new key before the old one, and take the old one out after 15 minutes. Throws without repeating any of it.
 */
export async function loadSigningKeys(pem: string): Promise<SigningKeys> {
  const blocks = pem.match(PEM_BLOCK) ?? [];
  const [first] = blocks;
  if (first === undefined) throw new Error('it holds no PKCS #8 private key in PEM');
  const keys = await Promise.all(blocks.map(toPublicKey));
  const [signing] = keys;
  if (signing === undefined) throw new Error('it holds no key');
  return { kid: signing.kid, privateKey: await importPKCS8(first, 'EdDSA'), jwks: { keys } };
}

async function toPublicKey(block: string): Promise<PublicKey> {
  const { crv, x } = publicPart(block);
  if (crv !== 'Ed25519' || x === undefined) throw new Error('it holds a key that is not Ed25519');
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv, x });
  return { kty: 'OKP', crv, x, kid, alg: 'EdDSA', use: 'sig' };
}

function publicPart(block: string): { readonly crv?: string; readonly x?: string } {
  try {
    return createPublicKey(createPrivateKey(block)).export({ format: 'jwk' });
  } catch (error) {
    throw new Error('it holds a private key that cannot be read', { cause: error });
  }
}

/** For verification alone. Throws when it is not an Ed25519 key. */
export async function importPublicKey(key: Pick<PublicKey, 'x'>): Promise<CryptoKey> {
  const imported = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: key.x }, 'EdDSA');
  if (imported instanceof Uint8Array) throw new TypeError('a public key is no secret');
  return imported;
}
