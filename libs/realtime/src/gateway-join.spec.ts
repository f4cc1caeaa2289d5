import { TestWorld } from './test-support/test-world.spec-support';

describe('joining a brane', () => {
  it('gives a snapshot to whoever has nothing, then everything that follows (R1)', async () => {
    const world = new TestWorld();
    const node = world.node();
    const brane = await world.brane(node);
    await world.write(node, brane, [world.block(brane.id)]);
    const client = await node.client(brane.owner);
    await world.join(client, brane.id);
    expect(client.last('brane.joined')).toMatchObject({ mode: 'snapshot', role: 'owner', seq: 2 });
    expect(client.view(brane.id).scene?.size).toBe(2);
    await world.write(node, brane, [world.block(brane.id)]);
    expect(client.view(brane.id)).toMatchObject({ seq: 3, synced: true });
    expect(client.view(brane.id).scene?.size).toBe(3);
    expect(client.faults).toEqual([]);
  });
});
