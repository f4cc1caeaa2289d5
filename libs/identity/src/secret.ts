import { createHash, randomBytes } from 'node:crypto';

/** 256 bits that nobody can guess, as 43 characters for a URL or header. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** SHA-256 in hex: what is kept of a secret. It has full entropy, so a plain hash cannot be searched. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
