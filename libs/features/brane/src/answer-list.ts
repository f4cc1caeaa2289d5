import { createHash } from 'node:crypto';
import { type UserId, queryTerms } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { decodeCursor, encodeCursor, toBraneResource } from '@state-server/platform';
import type { BraneResource, ListBranesQuery } from '@state-server/protocol';
import { type BranePage, listBranes } from './list-branes';
import { searchBranes } from './search-branes';

/** The page of GET /brane that a query asks for. Throws `cursor.invalid`, `query.invalid`. */
export async function answerList(
  store: Store,
  userId: UserId,
  query: ListBranesQuery,
): Promise<{ readonly items: readonly BraneResource[]; readonly next_cursor: string | null }> {
  const { sort } = query;
  const list = nameOf(query);
  const parts = sort === undefined && query.public !== 'true' ? 1 : 2;
  const after = decodeCursor(list, parts, query.cursor);
  const { items, next } = await find(store, userId, query, after);
  return {
    items: items.map(({ brane, head, role }) =>
      toBraneResource({ meta: brane, version: brane.version, head }, role),
    ),
    next_cursor: next ? encodeCursor(list, next) : null,
  };
}

async function find(
  store: Store,
  user_id: UserId,
  query: ListBranesQuery,
  from: BranePage['next'],
): Promise<BranePage> {
  const { limit, role, status, sort } = query;
  const terms = query.q === undefined ? [] : queryTerms(query.q);
  // A text without a letter or a digit names nothing, which is not the same as no text.
  if (query.q !== undefined && terms.length === 0) return { items: [], next: undefined };
  const wanted = { user_id, limit, terms, ...(from && { after: from }) };
  if (query.public === 'true') return searchBranes(store, { ...wanted, sort: sort ?? 'newest' });
  return listBranes(store, {
    ...wanted,
    ...(sort && { sort }),
    ...(role && { role }),
    ...(status && { status }),
  });
}

/** A cursor belongs to one list: all that the query asks for, besides how much of it. */
function nameOf({ q, public: all, role, status, sort }: ListBranesQuery): string {
  const asked = JSON.stringify([q, all === 'true', role, status, sort]);
  return `branes:${createHash('sha256').update(asked).digest('base64url').slice(0, 16)}`;
}
