import type { Clock, SessionId, UserId } from '@state-server/domain';
import type { RevocationDoc, Store, Transaction } from '@state-server/persistence-port';
import { toHttpError } from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { toTime } from './identity';
import { endSession, endSessionsOf } from './sessions';

export interface EndSessionsDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Tells the other services at once; without it they find out within 2 s (SYNC F2). */
  readonly announce?: ((revocation: RevocationDoc) => void) | undefined;
}

export interface EndSessions {
  readonly user_id: UserId;
  /** One that is left alone. */
  readonly keep?: SessionId;
  /** Further writes of the caller in the first of the transactions; may run several times. */
  readonly also?: (tx: Transaction) => void | Promise<void>;
}

export interface EndSessionOf extends Omit<EndSessions, 'keep'> {
  readonly session_id: SessionId;
}

/** Ends one session of this user. Throws `session.not_found` for anybody else's, and for what has ended. */
export async function endSessionOf(deps: EndSessionsDeps, input: EndSessionOf): Promise<void> {
  await run(deps, 'session.end', async (tx) => {
    const session = await tx.get('sessions', [input.session_id]);
    if (session?.user_id !== input.user_id) throw fail('session.not_found');
    await input.also?.(tx);
    return [endSession(tx, session, deps.clock.now())];
  });
}

/** Sessions that one transaction ends. */
const PAGE = 200;

/**
 * Ends all sessions of a user, or all but one: refresh tokens at once, access tokens and sockets everywhere within 2 s.
 * Without one to keep, whatever he got before this moment is dead with the first transaction (`not_before`).
 */
export async function endSessions(deps: EndSessionsDeps, input: EndSessions): Promise<void> {
  const { keep } = input;
  const since = deps.clock.now();
  for (let round = 0, more = true; more; round += 1) {
    await run(deps, 'session.end_all', async (tx) => {
      if (round === 0) {
        await input.also?.(tx);
        if (keep === undefined) await closeBehind(tx, input.user_id, since);
      }
      const now = deps.clock.now();
      const ended =
        keep === undefined
          ? await endSessionsOf(tx, input.user_id, now)
          : await endOthers(tx, input, keep, now);
      more = ended.more;
      return ended.revocations;
    });
  }
}

type Ended = Awaited<ReturnType<typeof endSessionsOf>>;

/** What is left of very many sessions is worth nothing from here on. */
async function closeBehind(tx: Transaction, userId: UserId, now: number): Promise<void> {
  const user = await tx.get('users', [userId]);
  if (!user || user.deleted_at !== undefined) throw fail('user.not_found');
  tx.put('users', { ...user, not_before: toTime(now) });
}

async function endOthers(
  tx: Transaction,
  { user_id }: EndSessions,
  keep: SessionId,
  now: number,
): Promise<Ended> {
  const found = await tx.range('sessions', { index: 'by_user', prefix: [user_id], limit: PAGE + 1 });
  const others = found.filter(({ id }) => id !== keep);
  const revocations = others.map((session) => endSession(tx, session, now));
  // A page that holds nothing but the one that is kept is the last.
  return { revocations, more: found.length > PAGE };
}

async function run(
  { store, announce }: EndSessionsDeps,
  label: string,
  work: (tx: Transaction) => Promise<readonly RevocationDoc[]>,
): Promise<void> {
  try {
    const revocations = await store.transact({ label }, work);
    for (const revocation of revocations) announce?.(revocation);
  } catch (error) {
    throw toHttpError(error);
  }
}
