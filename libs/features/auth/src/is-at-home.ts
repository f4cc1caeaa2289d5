import type { Store } from '@state-server/persistence-port';
import { addressKey } from '@state-server/platform';
import { secretHash } from '@state-server/identity';

/** Sessions that are looked at: the newest ones. */
const SESSIONS = 50;

/** Somebody who says that he is this account, and is not believed yet. */
export interface Claim {
  readonly provider: string;
  readonly subject: string;
  readonly address: string;
}

/** Whether the account has a session that was last used from there. */
export async function isAtHome(store: Store, { provider, subject, address }: Claim): Promise<boolean> {
  const place = addressKey(address);
  return store.read({ label: 'auth.is_at_home' }, async (tx) => {
    const identity = await tx.get('identities', [provider, subject]);
    if (!identity) return false;
    const prefix = [identity.user_id];
    const sessions = await tx.range('sessions', { index: 'by_user', prefix, reverse: true, limit: SESSIONS });
    return sessions.some((session) => session.address !== undefined && addressKey(session.address) === place);
  });
}

/** Under which its attempts are counted: no name of anybody is kept for it. */
export function accountKey({ provider, subject }: Pick<Claim, 'provider' | 'subject'>): string {
  return secretHash(`${provider} ${subject}`);
}
