import { bearerToken, type Identity, type TokenVerifier } from '@state-server/identity';
import { headerOf, type RestRequest } from '@state-server/platform';

export type GuestCaller = Pick<Identity, 'user_id' | 'session_id'>;

/**
 * The guest whose token comes with a sign-in: he becomes the account that is signed in with. Undefined where none comes, or
 * that of somebody with an account. Throws what a token may be refused with: whoever signed in in spite of it would lose his works.
 */
export async function guestCaller(
  verifier: TokenVerifier,
  request: RestRequest,
): Promise<GuestCaller | undefined> {
  const authorization = headerOf(request, 'authorization');
  if (authorization === undefined) return undefined;
  const identity = await verifier.verify(bearerToken(authorization));
  return identity.guest ? identity : undefined;
}
