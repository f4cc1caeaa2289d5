import { createMemoryHub } from '@state-server/messaging-memory';
import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment, RecordingSocket } from '@state-server/testing';
import { TestWorld } from './test-support/test-world';

function newWorld(): TestWorld {
  const environment = createFakeEnvironment();
  const kv = createMemoryKv();
  const hub = createMemoryHub();
  return new TestWorld({
    environment,
    openStore: () => createMemoryStore({ environment, kv }),
    connectBus: () => hub.connect(),
    newSocket: () => new RecordingSocket(),
  });
}

describe('joining a brane', () => {
  it('gives a snapshot to whoever has nothing, then everything that follows (R1)', async () => {
    const world = newWorld();
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
