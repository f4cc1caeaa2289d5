import { createHash, timingSafeEqual } from 'node:crypto';
import { secretHash } from '@state-server/identity';
import type { OAuthCodeDoc, Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { Proven } from '../account';

export interface RedeemCode {
  readonly code: string;
  readonly code_verifier: string;
}

/**
 * Uses a one-time code up, whatever comes of it, and answers whom it stands for. Of two at the same time one gets nothing.
 * Throws `oauth.code_invalid` when it is unknown, used, expired, or the verifier is not that of the client that began.
 */
export async function useCode(store: Store, input: RedeemCode, now: number): Promise<Proven> {
  const hash = secretHash(input.code);
  const doc = await store.transact({ label: 'oauth.redeem' }, async (tx) => {
    const found = await tx.get('oauth_codes', [hash]);
    if (found) tx.delete('oauth_codes', [hash]);
    return found;
  });
  if (!doc || Date.parse(doc.expires_at) <= now || !fits(doc, input.code_verifier)) {
    throw fail('oauth.code_invalid');
  }
  const { provider, subject, name, email, email_verified } = doc;
  return { provider, subject, ...(name && { name }), ...(email && email_verified && { email }) };
}

/** S256 of RFC 7636. */
function fits({ challenge }: OAuthCodeDoc, verifier: string): boolean {
  const expected = Buffer.from(challenge, 'base64url');
  const given = createHash('sha256').update(verifier).digest();
  return expected.length === given.length && timingSafeEqual(expected, given);
}
