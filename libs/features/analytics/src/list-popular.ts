import { withReadErrors } from '@state-server/commit';
import { type Clock, scoreAt } from '@state-server/domain';
import type { PopularityDoc, ReadTransaction, Store } from '@state-server/persistence-port';

export interface Popular {
  readonly kind: PopularityDoc['kind'];
  readonly id: string;
  readonly name: string;
  /** The faded sum of what went on there, now. */
  readonly score: number;
  readonly visits: number;
  readonly edits: number;
  readonly instances: number;
  readonly rank: number;
}

export interface ListPopular {
  readonly kind: PopularityDoc['kind'];
  /** Rank and id of the last item of the page before. */
  readonly after?: readonly [rank: number, id: string];
  readonly limit: number;
}

/** Pages of the index that one request looks at, when much of it is not public any more: bounds the work. */
const MAX_PAGES = 10;

/**
 * The public branes or prototypes where most goes on, the first first; one more than `limit` when there are more. What
 * rises or falls between two pages may be seen twice, or not.
 */
export async function listPopular(
  deps: { readonly store: Store; readonly clock: Clock },
  { kind, after: from, limit }: ListPopular,
): Promise<readonly Popular[]> {
  const now = deps.clock.now();
  return withReadErrors(
    deps.store.read({ label: 'analytics.popular' }, async (tx) => {
      const found: Popular[] = [];
      const wanted = limit + 1;
      let after = from;
      for (let pages = 0; pages < MAX_PAGES && found.length < wanted; pages += 1) {
        const page = await tx.range('popularity', {
          index: 'by_rank',
          prefix: [kind, 'public'],
          reverse: true,
          ...(after === undefined ? {} : { lt: after }),
          limit: wanted,
        });
        const names = await publicNames(tx, kind, page);
        for (const [index, { id, rank, level, visits, edits, instances }] of page.entries()) {
          const name = names[index];
          if (name !== undefined)
            found.push({ kind, id, name, rank, score: scoreAt(level, now), visits, edits, instances });
        }
        const last = page.at(-1);
        if (!last || page.length < wanted) break;
        after = [last.rank, last.id];
      }
      return found.slice(0, wanted);
    }),
  );
}

/** The index may be late: only what everybody may see now has a name here. */
async function publicNames(
  tx: ReadTransaction,
  kind: PopularityDoc['kind'],
  page: readonly PopularityDoc[],
): Promise<readonly (string | undefined)[]> {
  const keys = page.map(({ id }) => [id]);
  switch (kind) {
    case 'brane': {
      const branes = await tx.getMany('branes', keys);
      return branes.map((brane) =>
        brane?.status === 'live' && brane.visibility === 'public' ? brane.name : undefined,
      );
    }
    case 'prototype': {
      const prototypes = await tx.getMany('prototypes', keys);
      return prototypes.map((prototype) => (prototype?.listed === undefined ? undefined : prototype.name));
    }
    default:
      return kind satisfies never;
  }
}
