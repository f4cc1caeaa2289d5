import type { BraneId, ObjectId } from '@state-server/domain';
import type { ReadTransaction } from '@state-server/persistence-port';
import type { BraneFault } from './check-brane';
import { getEach } from './damaged-reads';
import { sameCell } from './space-index';

/** A part of the check of one brane. */
export interface Walk {
  readonly braneId: BraneId;
  /** One bounded look at one snapshot; answers whether to go on. */
  readonly step: (look: (tx: ReadTransaction) => Promise<boolean>) => Promise<boolean> | false;
  readonly fault: (kind: BraneFault['kind'], record: string, message: string) => void;
}

const PAGE = 200;

/** Every place in the spatial index is the place of an object. */
export async function walkSpace({ braneId, step, fault }: Walk): Promise<void> {
  let after: readonly (string | number)[] | undefined;
  const look = async (tx: ReadTransaction): Promise<boolean> => {
    const range = { prefix: [braneId], ...(after ? { gt: after } : {}), limit: PAGE };
    const page = await tx.range('space', range);
    const ids = page.map(({ id }) => id);
    const docs = await getEach(tx, braneId, ids);
    page.forEach(({ id, x, y, z, level }, place) => {
      const doc = docs[place];
      if (doc === 'corrupt' || (doc && sameCell(doc.cell, [x, y, z, level]))) return;
      fault('space', `space ${id} (${level}/${x}/${y}/${z})`, 'no object has this cell');
    });
    const last = page.at(-1);
    after = last && [last.level, last.x, last.y, last.z, last.id];
    return page.length === PAGE;
  };
  while (await step(look));
}

/** The ids of objects that are gone stay taken (SYNC I6). */
export async function walkReaped({ step, fault }: Walk, reaped: readonly ObjectId[]): Promise<void> {
  for (let at = 0; at < reaped.length; at += PAGE) {
    const ids = reaped.slice(at, at + PAGE);
    await step(async (tx) => {
      const keys = ids.map((id) => [id]);
      const docs = await tx.getMany('object_ids', keys);
      ids.forEach((id, place) => {
        if (!docs[place]) fault('object_id', `object_ids ${id}`, 'an id that was used is free again');
      });
      return true;
    });
  }
}
