import { fail } from '@state-server/protocol';
import type { Identity } from './identity';
import { redeemTicket, type TicketDeps } from './tickets';
import type { TokenVerifier } from './token-verifier';

export type Credentials = { readonly token: string } | { readonly ticket: string };

/** What a socket shows in `session.hello`: an access token, or a ticket. Throws StateError `auth.…`. */
export function createAuthenticate(
  deps: TicketDeps & { readonly verifier: TokenVerifier },
): (credentials: Credentials, peer?: { readonly origin?: string }) => Promise<Identity> {
  return async (credentials, peer) => {
    if ('token' in credentials) return deps.verifier.verify(credentials.token);
    return redeemTicket(deps, credentials.ticket, peer);
  };
}

/** The token of an Authorization header (RFC 6750). Throws `auth.required`, `auth.invalid_token`. */
export function bearerToken(authorization: string | undefined): string {
  const [, scheme, token] = /^(\S+)(?: +(.*))?$/.exec(authorization?.trim() ?? '') ?? [];
  if (scheme?.toLowerCase() !== 'bearer') throw fail('auth.required');
  if (token === undefined || !/^[\w.~+/-]+=*$/.test(token)) throw fail('auth.invalid_token');
  return token;
}
