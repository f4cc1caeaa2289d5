import { type ListingSort, searchListings, withReadErrors } from '@state-server/commit';
import type { UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import type { BranePage } from './list-branes';

export interface SearchBranes {
  readonly user_id: UserId;
  /** Domain `queryTerms`; none: all public branes. */
  readonly terms: readonly string[];
  readonly sort: ListingSort;
  /** What `next` of the page before said. */
  readonly after?: readonly (string | number)[];
  readonly limit: number;
}

/** The public branes that a text names, whoever's they are, with the role of the one who asks. */
export async function searchBranes(store: Store, input: SearchBranes): Promise<BranePage> {
  const { user_id, ...search } = input;
  return withReadErrors(
    store.read({ label: 'brane.search' }, async (tx) => {
      const { ids, next } = await searchListings(tx, { kind: 'brane', ...search });
      const [branes, heads, members] = await Promise.all([
        tx.getMany(
          'branes',
          ids.map((id) => [id]),
        ),
        tx.getMany(
          'heads',
          ids.map((id) => [id]),
        ),
        tx.getMany(
          'members',
          ids.map((id) => [id, user_id]),
        ),
      ]);
      const items = ids.flatMap((_, index) => {
        const [brane, head, member] = [branes[index], heads[index], members[index]];
        return brane && head ? [{ brane, head, role: member?.role ?? ('guest' as const) }] : [];
      });
      return { items, next };
    }),
  );
}
