import { listedBrane, putListing } from '@state-server/persistence-port';
import type { Migration } from '../format';

/** Branes in one transaction: each that is listed writes up to 64 terms. */
const BRANES_PER_STEP = 50;

/**
 * Search entries of the branes that everybody may see, as every change of a brane writes them from version 2 on. A brane that
 * is changed meanwhile has them already; then its record and its listing conflict, and what is newer is read (SYNC P1).
 */
export const listPublicBranes: Migration = {
  from: 1,
  summary: 'lists the public branes for search',
  run: async ({ store }) => {
    let after: string | undefined;
    do {
      const from = after;
      after = await store.transact({ label: 'store.list_branes' }, async (tx) => {
        const branes = await tx.range('branes', {
          prefix: [],
          ...(from === undefined ? {} : { gt: [from] }),
          limit: BRANES_PER_STEP,
        });
        for (const brane of branes) {
          tx.guard('branes', [brane.id]);
          await putListing(tx, 'brane', brane.id, listedBrane(brane));
        }
        return branes.length < BRANES_PER_STEP ? undefined : branes.at(-1)?.id;
      });
    } while (after !== undefined);
  },
};
