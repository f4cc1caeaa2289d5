import type { Clock, UserId } from '@state-server/domain';
import type { ReadTransaction, SessionDoc, Store, UserDoc } from '@state-server/persistence-port';
import { decodeCursor, encodeCursor, page, toHttpError } from '@state-server/platform';
import type { SessionResource } from '@state-server/protocol';
import { deviceName } from './device-name';

export interface ListSessions {
  readonly user_id: UserId;
  /** Creation time and id of the last session of the page before. */
  readonly after?: readonly [createdAt: string, id: string];
  readonly limit: number;
}

/** Dead sessions that are skipped in one request, pages included: bounds the work. */
const MAX_PAGES = 20;

/**
 * The sessions of a user that are alive: signed in, not expired, not revoked; oldest first, one more than `limit` when
 * there are more. Sockets act in the name of one of them each.
 */
export async function listSessions(
  deps: { readonly store: Store; readonly clock: Clock },
  input: ListSessions,
): Promise<readonly SessionDoc[]> {
  const now = new Date(deps.clock.now()).toISOString();
  try {
    return await deps.store.read({ label: 'session.list' }, async (tx) => {
      const user = await tx.get('users', [input.user_id]);
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
        alive.push(...(await aliveOf(tx, found, now, user)));
        const last = found.at(-1);
        if (!last || found.length < wanted) break;
        after = [last.created_at, last.id];
      }
      return alive.slice(0, wanted);
    });
  } catch (error) {
    throw toHttpError(error);
  }
}

async function aliveOf(
  tx: ReadTransaction,
  sessions: readonly SessionDoc[],
  now: string,
  user: UserDoc | undefined,
): Promise<SessionDoc[]> {
  const revocations = await tx.getMany(
    'revocations',
    sessions.map((session) => ['session', session.id]),
  );
  const since = user?.not_before ?? '';
  return sessions.filter(
    (session, index) => !revocations[index] && session.expires_at > now && session.created_at >= since,
  );
}

/** A session on the wire; `current` is the id of the one that asks, where it is one of the user's own. */
export function toSessionResource(session: SessionDoc, current?: string): SessionResource {
  const { id, created_at, last_used_at, expires_at, user_agent, address, issuer } = session;
  const device = deviceName(user_agent);
  return {
    ...{ id, created_at, last_used_at, expires_at },
    ...(user_agent === undefined ? {} : { user_agent }),
    ...(device === undefined ? {} : { device }),
    ...(address === undefined ? {} : { address }),
    ...(issuer === undefined ? {} : { issuer }),
    current: id === current,
  };
}

/** One page of `listSessions` as a door answers it. `list` names the list that its cursors belong to. */
export async function sessionPage(
  deps: { readonly store: Store; readonly clock: Clock },
  asked: {
    readonly list: string;
    readonly user_id: UserId;
    /** The session that asks. */
    readonly current: string;
    readonly query: { readonly limit: number; readonly cursor?: string | undefined };
  },
): Promise<{ readonly items: readonly SessionResource[]; readonly next_cursor: string | null }> {
  const { list, user_id, current, query } = asked;
  const [createdAt, id] = decodeCursor(list, 2, query.cursor) ?? [];
  const after = createdAt === undefined ? {} : { after: [String(createdAt), String(id)] as const };
  const found = await listSessions(deps, { user_id, limit: query.limit, ...after });
  const { items, next_cursor } = page(found, query.limit, (last) =>
    encodeCursor(list, [last.created_at, last.id]),
  );
  return { items: items.map((session) => toSessionResource(session, current)), next_cursor };
}
