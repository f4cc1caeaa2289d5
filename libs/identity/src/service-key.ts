import { createHash, timingSafeEqual } from 'node:crypto';
import { isUuid } from '@state-server/domain';
import { newSecret, secretHash } from './secret';

/** Scanners find keys of service accounts by it. */
export const SERVICE_KEY_PREFIX = 'ssk_';
const CHECKSUM_CHARS = 8;
const KEY = /^ssk_([0-9a-f]{32})_([\w-]{43})_([0-9a-f]{8})$/;

export interface NewServiceKey {
  /** `ssk_<id>_<256 bits>_<checksum>`: shown once. */
  readonly key: string;
  /** What is kept of it. */
  readonly hash: string;
}

export function newServiceKey(id: string): NewServiceKey {
  const body = `${SERVICE_KEY_PREFIX}${id.replaceAll('-', '')}_${newSecret()}`;
  const key = `${body}_${checksum(body)}`;
  return { key, hash: secretHash(key) };
}

export function isServiceKey(token: string): boolean {
  return token.startsWith(SERVICE_KEY_PREFIX);
}

/** The id in a key; undefined for what was never one: mistyped, cut off, made up. */
export function serviceKeyId(key: string): string | undefined {
  const [, hex = '', , sum] = KEY.exec(key) ?? [];
  if (sum === undefined || checksum(key.slice(0, -CHECKSUM_CHARS - 1)) !== sum) return undefined;
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return isUuid(id) ? id : undefined;
}

/** Whether this is the key that the hash was made of; in constant time. */
export function isKeyOf(hash: string, key: string): boolean {
  const [kept, given] = [Buffer.from(hash, 'hex'), Buffer.from(secretHash(key), 'hex')];
  return kept.length === given.length && timingSafeEqual(kept, given);
}

/** Tells a key from noise without a look at the store; no secret rests on it. */
function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, CHECKSUM_CHARS);
}
