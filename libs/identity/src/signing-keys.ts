import { type CryptoKey, importJWK, importPKCS8 } from 'jose';
import { kidOf, parseKeySet, publicPartOf } from './key-set';

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

/** What tokens are signed with: to be asked anew for each of them, for keys change while the service runs. */
export interface SigningKeys {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** All public keys, the signing one first. */
  readonly jwks: Jwks;
}

/** Keys that do not change, from PKCS #8 PEM (Ed25519): the first signs, all verify. Throws without repeating any of it. */
export async function loadSigningKeys(pem: string): Promise<SigningKeys> {
  const { keys } = parseKeySet(pem);
  const [signing] = keys;
  if (signing === undefined) throw new Error('it holds no key');
  const jwks = { keys: keys.map(({ private_key }) => publicKeyOf(private_key)) };
  return { kid: signing.kid, privateKey: await importPKCS8(signing.private_key, 'EdDSA'), jwks };
}

/** What is published of a private key (Ed25519, PKCS #8 in PEM). */
export function publicKeyOf(pem: string): PublicKey {
  return { kty: 'OKP', crv: 'Ed25519', x: publicPartOf(pem), kid: kidOf(pem), alg: 'EdDSA', use: 'sig' };
}

/** For verification alone. Throws when it is not an Ed25519 key. */
export async function importPublicKey(key: Pick<PublicKey, 'x'>): Promise<CryptoKey> {
  const imported = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: key.x }, 'EdDSA');
  if (imported instanceof Uint8Array) throw new TypeError('a public key is no secret');
  return imported;
}
