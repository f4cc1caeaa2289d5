import type { BraneId } from '@state-server/domain';
import type { ObjectDoc, Store } from '@state-server/persistence-port';
import type { Breathe } from '../breathe';
import { type BraneView, readBraneIn } from '../read';
import { bytesOf, CHUNK_BYTES, type ChunkRef, cut, type Item, pack, toItem } from './chunk';
import { LogGone } from './advance';
import type { Manifest } from './manifest';
import type { Shelf } from './shelf';

/** Documents in one read: as many as make about so many bytes, from what the page before has weighed. */
const PAGE_BYTES = 65_536;
const PAGE = { first: 64, most: 256 } as const;

/**
 * All objects of the brane, page by page, each page from a snapshot of its own: no read lives long, however large the brane
 * is. Undefined when there is no such brane, or it is being purged. Throws LogGone when its epoch changes meanwhile.
 */
export async function scanObjects(
  store: Store,
  shelf: Shelf,
  braneId: BraneId,
  breathe: Breathe,
): Promise<Manifest | undefined> {
  const start = await store.read({ label: 'checkpoint.brane' }, (tx) => readBraneIn(tx, braneId));
  if (!start || isLeaving(start)) return undefined;
  const { epoch, seq } = start.head;
  const chunks: ChunkRef[] = [];
  let reached = seq;
  let items: Item[] = [];
  const put = async (parts: readonly (readonly Item[])[]): Promise<void> => {
    for (const part of parts) {
      const [first] = part;
      if (first) chunks.push(await shelf.put(first.object.id, pack(part)));
    }
  };
  let limit: number = PAGE.first;
  for (let after: string | undefined, last = false; !last;) {
    const page = await readPage(store, braneId, after, limit);
    if (page.epoch !== epoch) throw new LogGone('another epoch');
    reached = Math.max(reached, page.seq);
    last = page.docs.length < limit;
    after = page.docs.at(-1)?.id;
    for (const { object } of page.docs) {
      items.push(toItem(object));
      await breathe();
    }
    const bytes = bytesOf(items);
    const perObject = bytes / Math.max(1, items.length);
    limit = Math.max(1, Math.min(PAGE.most, Math.floor(PAGE_BYTES / Math.max(1, perObject))));
    if (bytes < CHUNK_BYTES.target) continue;
    const parts = cut(items);
    // The last part may go on with the next page.
    items = parts.length > 1 ? [...(parts.pop() ?? [])] : [];
    await put(parts);
  }
  await put(cut(items));
  return { brane_id: braneId, epoch, seq, reached, meta: start.meta, chunks };
}

interface Page {
  readonly epoch: string;
  readonly seq: number;
  readonly docs: readonly ObjectDoc[];
}

async function readPage(
  store: Store,
  braneId: BraneId,
  after: string | undefined,
  limit: number,
): Promise<Page> {
  return store.read({ label: 'checkpoint.objects' }, async (tx) => {
    const head = await tx.get('heads', [braneId]);
    if (!head || isLeaving({ head })) throw new LogGone('purged');
    const from = after === undefined ? {} : { gt: [after] };
    const docs = await tx.range('objects', { prefix: [braneId], ...from, limit });
    return { epoch: head.epoch, seq: head.seq, docs };
  });
}

export function isLeaving({ head }: Pick<BraneView, 'head'>): boolean {
  return head.status === 'purging' || head.status === 'purged';
}
