import { createHash } from 'node:crypto';
import { toCommitError } from '@state-server/commit';
import type { Environment, SessionId, UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';

export interface IssueTicket {
  readonly user_id: UserId;
  /** The session in whose name the socket will act: it ends with it. */
  readonly session_id: SessionId;
  /** Of the page that asks: only a socket from there may use the ticket. */
  readonly origin?: string;
}

/** Seconds that a ticket may be used. */
const LIFETIME_SECONDS = 60;

/**
 * A single-use ticket for `session.hello`, for browser code that must not hold a token. The store keeps its SHA-256
 * alone.
 * @param secret 32 random bytes or more, as text: what nobody can guess.
 */
export async function issueTicket(
  deps: { readonly store: Store; readonly clock: Environment['clock']; readonly secret: () => string },
  input: IssueTicket,
): Promise<{ readonly ticket: string; readonly expires_in: number }> {
  const ticket = deps.secret();
  const { user_id, session_id, origin } = input;
  const expiresAt = new Date(deps.clock.now() + LIFETIME_SECONDS * 1_000).toISOString();
  try {
    await deps.store.transact({ label: 'websocket.ticket' }, async (tx) => {
      tx.put('tickets', {
        hash: createHash('sha256').update(ticket).digest('hex'),
        user_id,
        session_id,
        ...(origin === undefined ? {} : { origin }),
        expires_at: expiresAt,
      });
    });
  } catch (error) {
    throw toCommitError(error);
  }
  return { ticket, expires_in: LIFETIME_SECONDS };
}
