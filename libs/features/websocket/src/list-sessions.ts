import { withReadErrors } from '@state-server/commit';
import type { Clock, UserId } from '@state-server/domain';
import type { ReadTransaction, SessionDoc, Store } from '@state-server/persistence-port';

export interface ListSessions {
  readonly user_id: UserId;
  /** Creation time and id of the last session of the page before. */
  readonly after?: readonly [createdAt: string, id: string];
  readonly limit: number;
}

/** Revoked sessions that are skipped in one request, pages included: bounds the work. */
const MAX_PAGES = 20;

/**
 * The user's own sessions that are alive: signed in, not expired, not revoked; oldest first, one more than `limit` when
 * there are more. Sockets act in the name of one of them each.
 */
export async function listSessions(
  deps: { readonly store: Store; readonly clock: Clock },
  input: ListSessions,
): Promise<readonly SessionDoc[]> {
  const now = new Date(deps.clock.now()).toISOString();
  return withReadErrors(
    deps.store.read({ label: 'websocket.sessions' }, async (tx) => {
      const alive: SessionDoc[] = [];
      const wanted = input.limit + 1;
      let after = input.after;
      for (let pages = 0; pages < MAX_PAGES && alive.length < wanted; pages += 1) {
        const found = await tx.range('sessions', {
          index: 'by_user',
          prefix: [input.user_id],
          ...(after === undefined ? {} : { gt: after }),
          limit: wanted,
        });
        alive.push(...(await aliveOf(tx, found, now)));
        const last = found.at(-1);
        if (!last || found.length < wanted) break;
        after = [last.created_at, last.id];
      }
      return alive.slice(0, wanted);
    }),
  );
}

async function aliveOf(
  tx: ReadTransaction,
  sessions: readonly SessionDoc[],
  now: string,
): Promise<SessionDoc[]> {
  const revocations = await tx.getMany(
    'revocations',
    sessions.map((session) => ['session', session.id]),
  );
  return sessions.filter((session, index) => !revocations[index] && session.expires_at > now);
}
