import type { BraneId } from '@state-server/domain';
import type { GuestDoc, LinkDoc, Transaction, UserDoc } from '@state-server/persistence-port';
import { type Identity, toTime } from './identity';
import { secretHash } from './secret';

/** The id under which the link of a token is kept: a UUID (v8) of the hash of what has 256 bits, so that it tells nothing. */
export function linkIdOf(token: string): string {
  const hex = secretHash(token);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
  return [...parts, hex.slice(20, 32)].join('-');
}

/** Whether the link lets one more in, at this time (ms since the epoch). */
export function stateOfLink(
  link: LinkDoc | undefined,
  token: string,
  now: number,
): 'open' | 'unknown' | 'expired' {
  if (!link || link.hash !== secretHash(token) || link.revoked_at !== undefined) return 'unknown';
  const isOver = link.expires_at !== undefined && link.expires_at <= toTime(now);
  return isOver || link.uses >= (link.uses_max ?? Infinity) ? 'expired' : 'open';
}

/**
 * By which a guest is known again who comes back to a brane: of an IPv6 address the /64, for whoever has one has them all.
 * Nothing of the address itself is kept.
 */
export function addressDigest(braneId: BraneId, address: string): string {
  const network = address.includes(':') ? expand(address).slice(0, 4).join(':') : address;
  return secretHash(`${braneId} ${network}`);
}

function expand(address: string): string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  if (tail === undefined) return front;
  const back = tail === '' ? [] : tail.split(':');
  return [
    ...front,
    ...Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0'),
    ...back,
  ];
}

/** When whatever this user is signed in with ends, ms since the epoch; for whoever has an account it does not. */
export function guestEnd({ guest }: Pick<UserDoc, 'guest'>): number {
  return guest ? Date.parse(guest.expires_at) : Number.MAX_SAFE_INTEGER;
}

/** What an identity says of such a user. */
export function identityOf(user: Pick<UserDoc, 'guest'>): Pick<Identity, 'kind' | 'guest'> {
  return user.guest ? { kind: 'guest', ...guestClaims(user) } : { kind: 'user' };
}

export function guestClaims({ guest }: Pick<UserDoc, 'guest'>): Pick<Identity, 'guest'> {
  return guest ? { guest: { brane_id: guest.brane_id, expires_at: Date.parse(guest.expires_at) } } : {};
}

/** The user and the record of a guest. Who opens his session writes both with it. */
export function putGuest(tx: Transaction, user: UserDoc, guest: GuestDoc): void {
  tx.put('users', user);
  tx.put('guests', guest);
}

/** What is left of a guest: his id, as of a user who is gone, so that what he made still says whose it was. */
export function dropGuest(tx: Transaction, user: UserDoc, now: number): void {
  const { id, version, created_at } = user;
  const at = toTime(now);
  tx.put('users', {
    id,
    name: '',
    roles: [],
    version: version + 1,
    created_at,
    updated_at: at,
    deleted_at: at,
  });
  tx.delete('guests', [id]);
}

/**
 * A guest becomes an account: id, works, undo and membership stay his, and what he is signed in with from now on ends with
 * nothing but itself. For whoever writes his first identity, in that transaction. A user with an account stays as he is.
 */
export function becomeAccount(
  tx: Transaction,
  user: UserDoc,
  profile: Pick<UserDoc, 'name' | 'email'>,
  now: number,
): UserDoc {
  const { guest, ...rest } = user;
  if (!guest) return user;
  const account: UserDoc = { ...rest, ...profile, version: user.version + 1, updated_at: toTime(now) };
  tx.put('users', account);
  tx.delete('guests', [user.id]);
  return account;
}
