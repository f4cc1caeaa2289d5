import { asEpoch } from '@state-server/domain';
import type { Delivery } from '@state-server/messaging-memory';
import { nextInt, seededRandom } from '@state-server/testing';
import type { LogSource } from './ports';
import type { TestClient } from './test-support/test-client.spec-support';
import {
  type NodeOptions,
  type TestBrane,
  type TestNode,
  TestWorld,
} from './test-support/test-world.spec-support';

/** A writer on one gateway, a client on another, and a bus between them that the test spoils. */
async function open(delivery?: Delivery, options: NodeOptions = {}) {
  const world = new TestWorld(delivery ? { delivery } : {});
  const [here, there] = [world.node(), world.node(options)];
  const brane = await world.brane(here);
  const client = await there.client(brane.owner);
  await world.join(client, brane.id);
  return { world, here, there, brane, client };
}

async function writeMany(world: TestWorld, node: TestNode, brane: TestBrane, count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await world.commit(node, brane, [world.block(brane.id)]);
}

const state = (client: TestClient, brane: TestBrane): unknown => client.view(brane.id);

describe('delivery', () => {
  it('passes on what the bus loses, doubles and reorders once and in order, in CBOR and JSON', async () => {
    const random = seededRandom(7);
    const { world, here, there, brane, client } = await open((deliver, channel) => {
      if (!channel.startsWith('brane:')) queueMicrotask(deliver);
      if (!channel.startsWith('brane:')) return;
      for (let copies = nextInt(random, 3); copies > 0; copies -= 1) {
        world.environment.timers.set(nextInt(random, 30), deliver);
      }
    });
    const json = await there.client(brane.owner, { format: 'json' });
    await world.join(json, brane.id);
    for (let round = 0; round < 40; round += 1) {
      await writeMany(world, here, brane, 1 + nextInt(random, 3));
      await world.advance(nextInt(random, 25));
    }
    await world.advance(2_000);
    for (const one of [client, json]) {
      expect(one.faults).toEqual([]);
      expect(one.view(brane.id).seq).toBe(1 + (one.view(brane.id).scene?.size ?? 0) - 1);
    }
    expect(client.view(brane.id).scene?.size).toBe(json.view(brane.id).scene?.size);
    expect(client.all('brane.ops').length).toBeGreaterThanOrEqual(40);
    expect(there.counts.filled).toBeGreaterThan(0);
  });

  it('notices within a second that the last message was lost, by the writer’s heartbeat (R5)', async () => {
    const bus = { loses: false };
    const { world, here, brane, client } = await open((deliver, channel) => {
      if (!(bus.loses && channel.startsWith('brane:'))) queueMicrotask(deliver);
    });
    bus.loses = true;
    await world.commit(here, brane, [world.block(brane.id)]);
    await world.advance(1_050);
    expect(state(client, brane)).toMatchObject({ seq: 2 });
  });

  it('looks at the log when a writer falls silent that died before it published (R5)', async () => {
    const bus = { loses: false };
    const { world, here, brane, client } = await open((deliver) => {
      if (!bus.loses) queueMicrotask(deliver);
    });
    await world.write(here, brane, [world.block(brane.id)]);
    bus.loses = true;
    await world.commit(here, brane, [world.block(brane.id)]);
    await world.advance(3_200);
    expect(state(client, brane)).toMatchObject({ seq: 3 });
  });

  it('looks at the log every 60 s, whatever it hears (R5)', async () => {
    const bus = { loses: false };
    const { world, here, brane, client } = await open(
      (deliver) => {
        if (!bus.loses) queueMicrotask(deliver);
      },
      { limits: { silence_ms: 1_000_000 } },
    );
    await world.advance(15_000);
    bus.loses = true;
    await world.commit(here, brane, [world.block(brane.id)]);
    await world.advance(40_000);
    expect(state(client, brane)).toMatchObject({ seq: 1 });
    await world.advance(6_000);
    expect(state(client, brane)).toMatchObject({ seq: 2 });
  });

  it('goes on without the bus: its own edits at once, those of others within a second (F2)', async () => {
    const { world, here, there, brane, client } = await open();
    const peer = await there.client(brane.owner);
    await world.join(peer, brane.id);
    there.bus.disconnect();
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.all('brane.ack')).toHaveLength(1);
    expect(state(peer, brane)).toMatchObject({ seq: 2 });
    await world.commit(here, brane, [world.block(brane.id)]);
    await world.advance(1_000);
    for (const one of [client, peer]) {
      expect(state(one, brane)).toMatchObject({ seq: 3 });
      expect(one.faults).toEqual([]);
    }
    const late = await there.client(brane.owner);
    await world.join(late, brane.id);
    expect(state(late, brane)).toMatchObject({ seq: 3, synced: true });
  });

  it('puts out a removed member without the bus (F2, L6, RT-3)', async () => {
    const { world, here, there, brane } = await open();
    const user = await world.member(here, brane, 'viewer');
    const client = await there.client(user);
    await world.join(client, brane.id);
    there.bus.disconnect();
    await world.member(here, brane, null, user);
    await world.advance(1_000);
    expect(client.last('brane.left')).toMatchObject({ reason: 'removed' });
  });

  it('looks at once when the bus is back (R5)', async () => {
    const { world, here, there, brane, client } = await open(undefined, { limits: { beat_ms: 100_000 } });
    there.bus.disconnect();
    await world.settle();
    await writeMany(world, here, brane, 3);
    await world.settle();
    expect(state(client, brane)).toMatchObject({ seq: 1 });
    there.bus.reconnect();
    await world.settle();
    expect(state(client, brane)).toMatchObject({ seq: 4 });
  });

  it('gives everybody the state anew when the log is another one (L3)', async () => {
    const { world, here, there, brane, client } = await open();
    await writeMany(world, here, brane, 3);
    await world.settle();
    const restored = asEpoch('restored');
    await there.store.transact({ label: 'test.restore' }, async (tx) => {
      const head = await tx.get('heads', [brane.id]);
      if (head) tx.put('heads', { ...head, epoch: restored });
    });
    await world.write(world.node(), brane, [world.block(brane.id)]);
    await world.advance(100);
    expect(client.last('brane.joined')).toMatchObject({ mode: 'snapshot', epoch: restored });
    expect(state(client, brane)).toMatchObject({ epoch: restored, seq: 5, synced: true });
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(state(client, brane)).toMatchObject({ seq: 6 });
    expect(client.all('brane.ack')).toMatchObject([{ epoch: restored, seq: 6 }]);
    expect(client.faults).toEqual([]);
  });

  it('starts anew from the store when an entry does not fit what it knows of the brane', async () => {
    const spoiled = { on: true };
    const wrap = (source: LogSource): LogSource => ({
      ...source,
      brane: async (id) => {
        const view = await source.brane(id);
        // As if the owner had never been let in: the entry that makes another one the only owner cannot be applied.
        return view && spoiled.on
          ? { ...view, meta: { ...view.meta, members: { [brane.owner]: 'owner' } } }
          : view;
      },
    });
    const world = new TestWorld();
    const [here, there] = [world.node(), world.node({ wrap })];
    const brane = await world.brane(here);
    const second = await world.member(here, brane, 'owner');
    const client = await there.client(brane.owner);
    await world.join(client, brane.id);
    spoiled.on = false;
    await world.member(here, { ...brane, owner: second }, 'viewer', brane.owner);
    await world.advance(100);
    expect(client.last('brane.role')).toMatchObject({ role: 'viewer' });
    expect(client.faults).toEqual([]);
  });

  it('costs one write per socket and tick under load (RT-6)', async () => {
    const { world, here, there, brane, client } = await open(undefined, { limits: { few_sockets: 0 } });
    await world.settle();
    const before = there.counts.writes;
    for (let count = 0; count < 50; count += 1) {
      await world.commit(here, brane, [world.block(brane.id)]);
      await world.advance(1);
    }
    await world.settle();
    expect(client.all('brane.ops')).toHaveLength(50);
    expect(there.counts.writes - before).toBeLessThanOrEqual(8);
  });

  it('shares the bytes of an entry among all CBOR clients, and its text among all JSON clients', async () => {
    const { world, here, there, brane, client } = await open();
    const peers = [client, await there.client(brane.owner)];
    const texts = [
      await there.client(brane.owner, { format: 'json' }),
      await there.client(brane.owner, { format: 'json' }),
    ];
    for (const one of [...peers.slice(1), ...texts]) await world.join(one, brane.id);
    await world.write(here, brane, [world.block(brane.id)]);
    const [first, second] = peers.map((one) => one.socket.sent.at(-1));
    expect(first).toBe(second);
    expect(texts.map((one) => one.view(brane.id).seq)).toEqual([2, 2]);
  });
});
