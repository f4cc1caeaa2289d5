import type { Environment } from '@state-server/domain';
import type { Store, TicketDoc, Transaction, UserDoc } from '@state-server/persistence-port';
import { toHttpError } from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { ACCESS_TOKEN_MS, type Identity, TICKET_MS, toTime } from './identity';
import { newSecret, secretHash } from './secret';
import { guestClaims, guestEnd } from './guests';
import { isSuspended } from './suspension';

export interface TicketDeps {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock'>;
}

/** Whose token asks, and from where: the socket will act in its name and ends with it. */
export interface TicketRequest
  extends
    Pick<Identity, 'user_id' | 'session_id'>,
    Partial<Omit<Identity, 'user_id' | 'session_id' | 'name'>> {
  /** Of the page that asks: only a socket from there may use the ticket. Without one no page may. */
  readonly origin?: string;
}

/** A single-use ticket for `session.hello`. The store keeps its SHA-256 alone. */
export async function issueTicket(
  { store, environment }: TicketDeps,
  request: TicketRequest,
): Promise<{ readonly ticket: string; /** Seconds. */ readonly expires_in: number }> {
  const ticket = newSecret();
  const token = tokenOf(request);
  const doc: TicketDoc = {
    hash: secretHash(ticket),
    user_id: request.user_id,
    session_id: request.session_id,
    ...(request.origin === undefined ? {} : { origin: request.origin }),
    ...(token && { token }),
    expires_at: toTime(environment.clock.now() + TICKET_MS),
  };
  await store.transact({ label: 'ticket.issue' }, async (tx) => tx.put('tickets', doc)).catch(rethrow);
  return { ticket, expires_in: TICKET_MS / 1_000 };
}

function tokenOf({ token_id, issued_at, expires_at, kind, scopes }: TicketRequest): TicketDoc['token'] {
  if (token_id === undefined || issued_at === undefined || expires_at === undefined) return undefined;
  return {
    id: token_id,
    ...(kind && { kind }),
    ...(scopes && { scopes }),
    issued_at: toTime(issued_at),
    expires_at: toTime(expires_at),
  };
}

const MAX_TICKET_CHARS = 200;

/**
 * Uses a ticket up, whatever comes of it, and answers for whom it stands. Of two at the same time one gets nothing.
 * Throws `auth.ticket_invalid` when it is unknown, used, expired, from another page (or from a page though none asked for it,
 * or the other way round), or its session has ended.
 */
export async function redeemTicket(
  { store, environment }: TicketDeps,
  ticket: string,
  peer: { readonly origin?: string } = {},
): Promise<Identity> {
  if (ticket.length > MAX_TICKET_CHARS) throw fail('auth.ticket_invalid');
  const hash = secretHash(ticket);
  const now = environment.clock.now();
  const found = await store.transact({ label: 'ticket.redeem' }, (tx) => useUp(tx, hash, now)).catch(rethrow);
  if (!found || found.doc.expires_at <= toTime(now)) throw fail('auth.ticket_invalid');
  if (found.doc.origin !== peer.origin) throw fail('auth.ticket_invalid');
  return toIdentity(found.doc, found.user, now);
}

/** Deletes it whatever it is worth: of two who use it at the same time one conflicts and finds nothing (P1). */
async function useUp(
  tx: Transaction,
  hash: string,
  now: number,
): Promise<{ readonly doc: TicketDoc; readonly user: UserDoc } | undefined> {
  const doc = await tx.get('tickets', [hash]);
  if (!doc) return undefined;
  tx.delete('tickets', [hash]);
  tx.guard('sessions', [doc.session_id]);
  const [session, user] = await Promise.all([
    tx.get('sessions', [doc.session_id]),
    tx.get('users', [doc.user_id]),
  ]);
  const enters = session && user && user.deleted_at === undefined && !isSuspended(user, now);
  return enters ? { doc, user } : undefined;
}

/** A socket's door knows StateErrors alone. */
function rethrow(error: unknown): never {
  throw toHttpError(error);
}

/** The socket acts in the name of the token that asked for the ticket: it is revoked with it, and has to refresh when it ends. */
function toIdentity({ token, ...ticket }: TicketDoc, user: UserDoc, now: number): Identity {
  return {
    user_id: ticket.user_id,
    kind: user.guest ? 'guest' : (token?.kind ?? 'user'),
    ...guestClaims(user),
    ...(token?.scopes && { scopes: token.scopes }),
    session_id: ticket.session_id,
    token_id: token?.id ?? `ticket:${ticket.hash.slice(0, 16)}`,
    name: user.name,
    issued_at: token === undefined ? now : Date.parse(token.issued_at),
    expires_at: Math.min(
      token === undefined ? now + ACCESS_TOKEN_MS : Date.parse(token.expires_at),
      guestEnd(user),
    ),
  };
}
