import { asEpoch, type BraneId, type Environment } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';

const PAGE = 200;

/**
 * Gives every brane a new epoch (SYNC L3): for a store whose logs may lack a suffix that somebody has seen, as after a
 * backup was restored. Seqs go on. Whoever comes with an old position takes a snapshot; an edit that was first sent in the
 * old epoch is shown to its user instead of being sent again (SYNC I4). Answers how many branes there were.
 */
export async function renewEpochs(store: Store, environment: Pick<Environment, 'ids'>): Promise<number> {
  let count = 0;
  let after: BraneId | undefined;
  do {
    const from = after;
    const page = await store.transact({ label: 'commit.renew_epochs' }, async (tx) => {
      const heads = await tx.range('heads', {
        prefix: [],
        ...(from === undefined ? {} : { gt: [from] }),
        limit: PAGE,
      });
      for (const { turn: _gone, ...head } of heads) {
        tx.put('heads', { ...head, epoch: asEpoch(environment.ids.uuid()) });
      }
      return heads;
    });
    count += page.length;
    after = page.length < PAGE ? undefined : page.at(-1)?.brane_id;
  } while (after !== undefined);
  return count;
}
