import type { ActivityDoc } from '@state-server/persistence-port';
import { instantiatePrototype } from './instantiate-prototype';
import { openWorkshop, type Workshop } from './prototypes.spec-support';

describe('what goes on at a prototype', () => {
  let shop: Workshop;
  beforeEach(async () => {
    shop = await openWorkshop();
  });
  afterEach(() => shop.close());

  const counted = async (): Promise<Pick<ActivityDoc, 'edits' | 'instances'>> => {
    const docs = await shop.store.read({ label: 'spec' }, (tx) =>
      tx.range('activity', { prefix: [], limit: 100 }),
    );
    const sum = (field: 'edits' | 'instances') => docs.reduce((total, doc) => total + doc[field], 0);
    return { edits: sum('edits'), instances: sum('instances') };
  };

  it('is noted in the transaction that makes an instance, once, and not by one that is refused (POP-6, I1)', async () => {
    const { id } = await shop.prototype();
    await shop.publish(id);
    expect(await counted()).toEqual({ edits: 2, instances: 0 });
    const input = {
      ...{ user_id: shop.owner, op_id: shop.newOp(), brane_id: shop.braneId, prototype_id: id },
      ...{ id: shop.newId(), parent_id: shop.braneId },
    };
    await instantiatePrototype(shop.deps, input);
    await instantiatePrototype(shop.deps, input);
    expect(await counted()).toEqual({ edits: 2, instances: 1 });
    const op = { op: 'instantiate', prototype_id: id, parent_id: shop.braneId } as const;
    await shop.edit(op, op);
    expect(await counted()).toEqual({ edits: 2, instances: 3 });
    await expect(shop.edit(op, { op: 'delete', id: shop.newId() })).rejects.toThrow();
    expect(await counted()).toEqual({ edits: 2, instances: 3 });
  });
});
