import { type NodeOptions, TestWorld } from './test-support/test-world.spec-support';

const SMALL = {
  socket_bytes: 1_000,
  outbox_bytes: 2_000,
  write_bytes: 1_000,
  tail_entries: 4,
  log_page_entries: 5,
};

async function open(options: NodeOptions = {}) {
  const world = new TestWorld();
  const node = world.node({ ...options, limits: { ...SMALL, ...options.limits } });
  const brane = await world.brane(node);
  const client = await node.client(brane.owner);
  await world.join(client, brane.id);
  return { world, node, brane, client };
}

async function writeMany(
  world: TestWorld,
  { node, brane }: Pick<Awaited<ReturnType<typeof open>>, 'node' | 'brane'>,
  count: number,
) {
  for (let done = 0; done < count; done += 1) {
    await world.commit(node, brane, [world.block(brane.id)]);
    await world.advance(10);
  }
}

describe('a client that cannot keep up', () => {
  it('is first sent the latest presence only (RT-7)', async () => {
    const { world, node, brane, client } = await open();
    const peer = await node.client(brane.owner);
    await world.join(peer, brane.id);
    client.socket.stalled = true;
    await writeMany(world, { node, brane }, 4);
    const before = client.all('presence.update').length;
    for (let cursor = 0; cursor < 20; cursor += 1) {
      peer.send({ type: 'presence.set', brane_id: brane.id, state: { cursor } });
      await world.advance(60);
    }
    client.socket.drain();
    await world.settle();
    const updates = client.all('presence.update').slice(before);
    expect(updates).toHaveLength(1);
    expect(updates[0]?.entries).toMatchObject([{ state: { cursor: 19 } }]);
    expect(node.counts.fellBehind).toBe(0);
  });

  it('then follows by the log, and misses nothing (RT-7)', async () => {
    const { world, node, brane, client } = await open();
    client.socket.stalled = true;
    await writeMany(world, { node, brane }, 60);
    expect(node.counts.fellBehind).toBeGreaterThan(0);
    expect(node.gateway.stats().outboxBytes).toBeLessThanOrEqual(SMALL.outbox_bytes);
    const received = client.view(brane.id).seq;
    expect(received).toBeLessThan(20);
    client.socket.drain();
    await world.advance(1_000);
    expect(client.view(brane.id)).toMatchObject({ seq: 61, synced: true });
    expect(client.faults).toEqual([]);
    expect(client.all('brane.snapshot')).toHaveLength(1);
    await writeMany(world, { node, brane }, 2);
    expect(client.view(brane.id).seq).toBe(63);
  });

  it('gets its acks behind their entries all the same (R4)', async () => {
    const { world, node, brane, client } = await open();
    client.socket.stalled = true;
    await writeMany(world, { node, brane }, 10);
    client.edit(brane.id, [world.block(brane.id)]);
    await writeMany(world, { node, brane }, 30);
    expect(client.all('brane.ack')).toEqual([]);
    client.socket.drain();
    await world.advance(1_000);
    expect(client.all('brane.ack')).toHaveLength(1);
    expect(client.view(brane.id).seq).toBe(42);
    expect(client.faults).toEqual([]);
  });

  it('gets a snapshot when it is too far behind (RT-7)', async () => {
    const { world, node, brane, client } = await open({ limits: { catch_up_entries: 20 } });
    client.socket.stalled = true;
    await writeMany(world, { node, brane }, 60);
    client.socket.drain();
    await world.advance(1_000);
    expect(client.last('brane.joined')).toMatchObject({ mode: 'snapshot', seq: 61 });
    expect(client.view(brane.id)).toMatchObject({ seq: 61, synced: true });
    expect(client.view(brane.id).scene?.size).toBe(61);
    expect(client.faults).toEqual([]);
  });

  it('does not hold up the others (RT-9)', async () => {
    const { world, node, brane, client } = await open();
    const peer = await node.client(brane.owner);
    await world.join(peer, brane.id);
    client.socket.stalled = true;
    await writeMany(world, { node, brane }, 60);
    expect(peer.view(brane.id).seq).toBe(61);
  });

  it('is fed no faster than it reads, however large the snapshot is (RT-7)', async () => {
    const { world, node, brane, client } = await open({
      limits: { socket_bytes: 50_000, outbox_bytes: 100_000, snapshot_shared_entries: 1 },
    });
    for (let count = 0; count < 40; count += 1) {
      const properties = { text: 'x'.repeat(30_000) };
      await world.commit(node, brane, [
        { op: 'create', object: { kind: 'block', parent_id: brane.id, properties } },
      ]);
    }
    client.connection.closed();
    const slow = await node.client(brane.owner);
    slow.socket.stalled = true;
    await world.join(slow, brane.id);
    await world.advance(100);
    const parts = (): number => slow.all('brane.snapshot').length;
    const early = parts();
    expect(early).toBeLessThan(3);
    for (let round = 0; round < 40 && !slow.view(brane.id).synced; round += 1) {
      slow.socket.bufferedBytes = 0;
      slow.connection.writable();
      await world.advance(20);
    }
    expect(parts()).toBeGreaterThan(early);
    expect(slow.view(brane.id)).toMatchObject({ seq: 41, synced: true });
  });

  it('is closed last, when it takes nothing at all (RT-8)', async () => {
    const { world, node, brane, client } = await open({ limits: { silence_ms: 1_000_000 } });
    client.socket.stalled = true;
    await writeMany(world, { node, brane }, 60);
    await world.advance(13_000);
    expect(client.socket.closed).toBeUndefined();
    await world.advance(3_000);
    expect(client.socket.closed).toEqual({ code: 3002, reason: 'session.slow' });
    expect(node.counts.ended).toEqual(['session.slow']);
    expect(node.gateway.stats()).toMatchObject({ sessions: 0, seats: 0, outboxBytes: 0 });
  });

  it('is closed when even answers pile up', async () => {
    const { world, client } = await open({
      limits: { frames_per_second: 10_000, frames_burst: 10_000, outbox_most_bytes: 5_000 },
    });
    client.socket.stalled = true;
    for (let count = 0; count < 200; count += 1) client.send({ type: 'system.ping', id: `ping ${count}` });
    await world.settle();
    expect(client.socket.closed?.reason).toBe('session.slow');
  });
});
