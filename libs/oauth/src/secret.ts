import { randomBytes } from 'node:crypto';

/** 256 bits that nobody can guess, as 43 characters for a URL. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
