import type { HeadDoc, Store } from '@state-server/persistence-port';

/** Of every brane that is not purged, page by page, each page from a snapshot of its own. */
export async function* allHeads(store: Store, page: number): AsyncGenerator<HeadDoc> {
  let after: string | undefined;
  for (;;) {
    const from = after === undefined ? {} : { gt: [after] };
    const heads = await store.read({ label: 'upkeep.heads' }, (tx) =>
      tx.range('heads', { prefix: [], ...from, limit: page }),
    );
    for (const head of heads) if (head.status !== 'purged') yield head;
    after = heads.at(-1)?.brane_id;
    if (after === undefined || heads.length < page) return;
  }
}
