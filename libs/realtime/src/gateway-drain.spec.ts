import { TestWorld } from './test-support/test-world.spec-support';

async function open() {
  const world = new TestWorld();
  const edits = { delayMs: 0 };
  const node = world.node({
    committer: (committer) => ({
      ...committer,
      edit: async (request) => {
        if (edits.delayMs > 0) {
          await new Promise<void>((resolve) => void world.environment.timers.set(edits.delayMs, resolve));
        }
        return committer.edit(request);
      },
    }),
  });
  const brane = await world.brane(node);
  const client = await node.client(brane.owner);
  await world.join(client, brane.id);
  return { world, node, brane, client, edits };
}

describe('a gateway that drains', () => {
  it('tells its clients to come back after a moment of their own, then closes so that they do', async () => {
    const { world, node, brane, client } = await open();
    const others = await Promise.all(Array.from({ length: 20 }, () => node.client(brane.owner)));
    const drained = node.gateway.drain();
    await world.advance(3_000);
    await drained;
    const waits = [client, ...others].map((one) => one.last('system.draining')?.reconnect_in_ms ?? -1);
    expect(new Set(waits).size).toBeGreaterThan(10);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    for (const one of [client, ...others])
      expect(one.socket.closed).toEqual({ code: 3000, reason: 'gateway.draining' });
    expect(node.gateway.stats()).toEqual({ sessions: 0, rooms: 0, seats: 0, outboxBytes: 0 });
    expect(node.gateway.drain()).toBe(drained);
  });

  it('lets edits in flight finish and be acknowledged, and takes no new ones', async () => {
    const { world, node, brane, client, edits } = await open();
    edits.delayMs = 500;
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    const drained = node.gateway.drain();
    client.edit(brane.id, [world.block(brane.id)]);
    await world.advance(4_000);
    await drained;
    const order = client.frames.map((frame) => (frame.type === 'system.error' ? frame.code : frame.type));
    expect(order.slice(-5)).toEqual([
      'gateway.draining',
      'brane.ops',
      'brane.ack',
      'system.draining',
      'gateway.draining',
    ]);
  });

  it('does not wait for ever, neither for edits nor for slow readers', async () => {
    const { world, node, brane, client, edits } = await open();
    edits.delayMs = 60_000;
    client.edit(brane.id, [world.block(brane.id)]);
    client.socket.stalled = true;
    await world.settle();
    const drained = node.gateway.drain();
    await world.advance(3_200);
    await drained;
    expect(client.socket.closed?.code).toBe(3000);
  });

  it('takes no new connection, and tells peers elsewhere that its clients are gone', async () => {
    const { world, node, brane, client } = await open();
    const elsewhere = world.node();
    const peer = await elsewhere.client(brane.owner);
    await world.join(peer, brane.id);
    client.send({ type: 'presence.set', brane_id: brane.id, state: { a: 1 } });
    await world.advance(150);
    const drained = node.gateway.drain();
    const late = await node.client(brane.owner);
    expect(late.socket.closed).toEqual({ code: 3000, reason: 'gateway.draining' });
    await world.advance(4_000);
    await drained;
    expect(peer.last('presence.update')).toMatchObject({
      left: [client.last('session.welcome')?.session_id],
    });
  });
});
