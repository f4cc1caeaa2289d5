import { type ClientOp, type ObjectId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { Ground } from './lane';
import { createdByInstances } from './prototypes/created-by';
import type { Work } from './work';

/**
 * Which of the ids that a group of requests wants to create were ever used, in whichever brane (SYNC I6). The record that a
 * create writes under its id is what protects this read: of two transactions that both found it free, one loses (SYNC P1).
 */
export class IdRegistry {
  constructor(private readonly taken: ReadonlySet<ObjectId>) {}

  /** Throws `id.taken`. What the same transaction has created so far, the rules see for themselves. */
  assertFree(work: Work): void {
    for (const id of chosenIds(work)) if (this.taken.has(id)) throw fail('id.taken', { id });
  }

  /** Gives the ids that the client did not choose, from the request's own list; one that is taken is passed over. */
  source(work: Work): { newId(): ObjectId } {
    let next = 0;
    return {
      newId: () => {
        for (;;) {
          const id = work.newId(next);
          next += 1;
          if (!this.taken.has(id)) return id;
        }
      },
    };
  }
}

/** Looks up all ids that these requests will create. Those that were never used cannot be in the brane: no read is needed for them. */
export async function registerIds(ground: Ground, works: readonly Work[]): Promise<IdRegistry> {
  const ids = new Set<ObjectId>();
  for (const work of works) {
    for (const id of chosenIds(work)) ids.add(id);
    const unnamed = unnamedCreates(work) + (await createdByPrototypes(ground, work));
    for (let i = 0; i < unnamed; i += 1) ids.add(work.newId(i));
  }
  if (ids.size === 0) return new IdRegistry(new Set());
  const list = [...ids];
  const docs = await ground.tx.getMany(
    'object_ids',
    list.map((id) => [id]),
  );
  const taken = new Set<ObjectId>();
  list.forEach((id, i) => {
    if (docs[i]) taken.add(id);
    else ground.replica.learnAbsent(id);
  });
  return new IdRegistry(taken);
}

/** The id of an instance's root may be chosen: then one is left over. */
async function createdByPrototypes(ground: Ground, { demand }: Work): Promise<number> {
  let count = 0;
  for (const op of demand.kind === 'edit' ? demand.ops : []) count += await createdByInstances(ground, op);
  return count;
}

function creates(work: Work): readonly Extract<ClientOp, { op: 'create' }>[] {
  return work.demand.kind === 'edit' ? work.demand.ops.filter((op) => op.op === 'create') : [];
}

function chosenIds(work: Work): ObjectId[] {
  if (work.demand.kind !== 'edit') return [];
  return work.demand.ops.flatMap((op) => {
    const id = op.op === 'create' ? op.object.id : op.op === 'instantiate' ? op.id : undefined;
    return id === undefined ? [] : [id];
  });
}

function unnamedCreates(work: Work): number {
  return creates(work).filter((op) => op.object.id === undefined).length;
}
