import type { BraneId, ClientOp, ObjectId } from '@state-server/domain';
import type { ObjectIdDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { Ground } from './lane';
import { createdByInstances } from './prototypes/created-by';
import type { Work } from './work';

/**
 * Which of the ids that a group of requests wants to create were ever used, in whichever brane (SYNC I6). The record that a
 * create writes under its id is what protects this read: of two transactions that both found it free, one loses (SYNC P1).
 */
export class IdRegistry {
  constructor(
    private readonly braneId: BraneId,
    private readonly taken: ReadonlyMap<ObjectId, ObjectIdDoc>,
  ) {}

  /** Of an id that is to be there again: in this brane alone (SYNC I6). Throws `id.taken`. */
  lastVersion(id: ObjectId): number {
    const doc = this.taken.get(id);
    if (doc && doc.brane_id !== this.braneId) throw fail('id.taken', { id });
    return doc?.version ?? 0;
  }

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
    for (const id of restoredIds(work)) ids.add(id);
    const unnamed = unnamedCreates(work) + (await createdByPrototypes(ground, work));
    for (let i = 0; i < unnamed; i += 1) ids.add(work.newId(i));
  }
  const { brane_id: braneId } = ground.head;
  if (ids.size === 0) return new IdRegistry(braneId, new Map());
  const list = [...ids];
  const docs = await ground.tx.getMany(
    'object_ids',
    list.map((id) => [id]),
  );
  const taken = new Map<ObjectId, ObjectIdDoc>();
  list.forEach((id, i) => {
    const doc = docs[i];
    if (doc) taken.set(id, doc);
    else ground.replica.learnAbsent(id);
  });
  return new IdRegistry(braneId, taken);
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

function restoredIds({ demand }: Work): ObjectId[] {
  return demand.kind === 'restore' ? demand.targets.flatMap(({ id, object }) => (object ? [id] : [])) : [];
}
