import { asEpoch, type BraneId } from '@state-server/domain';
import { fail, MAX_SNAPSHOT_CHUNK_BYTES } from '@state-server/protocol';
import type { LogSource } from './ports';
import type { TestClient } from './test-support/test-client.spec-support';
import { type NodeOptions, type TestNode, TestWorld } from './test-support/test-world.spec-support';

async function open(options: NodeOptions = {}) {
  const world = new TestWorld();
  const node = world.node(options);
  const brane = await world.brane(node);
  return { world, node, brane };
}

/** Leaves as a lost connection does, and comes back with what it had. */
async function comeBack(node: TestNode, client: TestClient, id: BraneId) {
  const { epoch, seq, scene } = client.view(id);
  client.connection.closed();
  const user = client.last('session.welcome')?.user.id;
  if (!epoch || !scene || !user) throw new Error('join first');
  const again = await node.client(user, { format: client.format });
  Object.assign(again.view(id), { epoch, seq, scene });
  again.send({ type: 'brane.join', brane_id: id, after: { epoch, seq } });
  return again;
}

describe('joining a brane', () => {
  it('gives a snapshot to whoever has nothing, then everything that follows, in CBOR and in JSON (R1)', async () => {
    const { world, node, brane } = await open();
    await world.write(node, brane, [world.block(brane.id)]);
    const clients = [await node.client(brane.owner), await node.client(brane.owner, { format: 'json' })];
    for (const client of clients) await world.join(client, brane.id);
    await world.write(node, brane, [world.block(brane.id)]);
    for (const client of clients) {
      expect(client.last('brane.joined')).toMatchObject({ mode: 'snapshot', role: 'owner', seq: 2 });
      expect(client.view(brane.id)).toMatchObject({ seq: 3, synced: true });
      expect(client.view(brane.id).scene?.size).toBe(3);
      expect(client.faults).toEqual([]);
    }
    const [cbor, json] = clients.map((client) => [...(client.view(brane.id).scene?.objects() ?? [])]);
    expect(json).toEqual(cbor);
  });

  it('misses nothing that is committed while it joins (R1)', async () => {
    const world = new TestWorld();
    const writer = world.node();
    const brane = await world.brane(writer);
    const stages: string[] = [];
    /** Another gateway writes before and after each read of the joining one. */
    const disturbed =
      <Args extends unknown[], Answer>(stage: string, read: (...args: Args) => Promise<Answer>) =>
      async (...args: Args): Promise<Answer> => {
        stages.push(stage);
        await world.commit(writer, brane, [world.block(brane.id)]);
        const answer = await read(...args);
        await world.commit(writer, brane, [world.block(brane.id)]);
        return answer;
      };
    const wrap = (source: LogSource): LogSource => ({
      brane: disturbed('brane', source.brane),
      heads: disturbed('heads', source.heads),
      checkpoint: source.checkpoint,
      state: disturbed('state', source.state),
      log: source.log,
      committed: source.committed,
    });
    const node = world.node({ wrap });
    const client = await node.client(brane.owner);
    await world.join(client, brane.id);
    await world.settle();
    expect(stages.slice(0, 3)).toEqual(['brane', 'heads', 'state']);
    expect(client.view(brane.id)).toMatchObject({ seq: 7, synced: true });
    expect(client.view(brane.id).scene?.size).toBe(7);
    expect(client.faults).toEqual([]);
  });

  it('replays the log from where the client is', async () => {
    const { world, node, brane } = await open();
    const client = await node.client(brane.owner);
    await world.join(client, brane.id);
    for (let count = 0; count < 5; count += 1) await world.write(node, brane, [world.block(brane.id)]);
    const again = await comeBack(node, client, brane.id);
    await world.write(node, brane, [world.block(brane.id)]);
    expect(again.last('brane.joined')).toMatchObject({ mode: 'replay' });
    expect(again.all('brane.snapshot')).toEqual([]);
    expect(again.view(brane.id)).toMatchObject({ seq: 7, synced: true });
    expect(again.view(brane.id).scene?.size).toBe(7);
    expect(again.faults).toEqual([]);
  });

  it('replays from the log what the gateway never saw', async () => {
    const world = new TestWorld();
    const [first, second] = [world.node(), world.node({ limits: { log_page_entries: 4 } })];
    const brane = await world.brane(first);
    const client = await first.client(brane.owner);
    await world.join(client, brane.id);
    for (let count = 0; count < 20; count += 1) await world.write(first, brane, [world.block(brane.id)]);
    client.receive();
    Object.assign(client.view(brane.id), { seq: 1 });
    const scene = client.view(brane.id).scene;
    const { epoch } = client.view(brane.id);
    const again = await second.client(brane.owner);
    Object.assign(again.view(brane.id), { epoch, seq: 21, scene });
    if (!epoch) throw new Error('no epoch');
    again.send({ type: 'brane.join', brane_id: brane.id, after: { epoch, seq: 21 } });
    await world.settle();
    expect(again.view(brane.id)).toMatchObject({ seq: 21, synced: true });
    const late = await second.client(brane.owner);
    late.send({ type: 'brane.join', brane_id: brane.id, after: { epoch, seq: 3 } });
    await world.settle();
    expect(late.last('brane.joined')).toMatchObject({ mode: 'replay', seq: 21 });
    expect(late.all('brane.ops').map(({ seq }) => seq)).toEqual(
      Array.from({ length: 18 }, (_, index) => index + 4),
    );
    expect(late.last('brane.synced')).toMatchObject({ seq: 21 });
  });

  it('gives a snapshot to a foreign epoch, to a seq above the head, and to who is too far behind (L3, RT-1)', async () => {
    const { world, node, brane } = await open({ limits: { replay_entries: 3 } });
    for (let count = 0; count < 6; count += 1) await world.write(node, brane, [world.block(brane.id)]);
    const probe = await node.client(brane.owner);
    await world.join(probe, brane.id);
    const { epoch } = probe.view(brane.id);
    if (!epoch) throw new Error('no epoch');
    for (const after of [
      { epoch: asEpoch('foreign'), seq: 7 },
      { epoch, seq: 8 },
      { epoch, seq: 3 },
    ]) {
      const client = await node.client(brane.owner);
      client.send({ type: 'brane.join', brane_id: brane.id, after });
      await world.settle();
      expect(client.last('brane.joined')).toMatchObject({ mode: 'snapshot', seq: 7 });
      expect(client.view(brane.id).scene?.size).toBe(7);
    }
    const near = await node.client(brane.owner);
    near.send({ type: 'brane.join', brane_id: brane.id, after: { epoch, seq: 4 } });
    await world.settle();
    expect(near.last('brane.joined')?.mode).toBe('replay');
  });

  it('gives a snapshot when the entries between are gone, or would be more bytes than one (R3, RT-1)', async () => {
    for (const limits of [{ replay_bytes: 300 }, {}]) {
      const wrap = (source: LogSource): LogSource => ({
        ...source,
        log: async (id, range) =>
          'replay_bytes' in limits
            ? source.log(id, range)
            : {
                kind: 'snapshot',
                head: { epoch: range.epoch ?? asEpoch(''), seq: 9 },
                reason: 'below_floor',
              },
      });
      const { world, node, brane } = await open({ limits: { tail_entries: 1, ...limits }, wrap });
      const probe = await node.client(brane.owner);
      await world.join(probe, brane.id);
      for (let count = 0; count < 3; count += 1) await world.write(node, brane, [world.block(brane.id)]);
      const again = await comeBack(node, probe, brane.id);
      await world.settle();
      expect(again.last('brane.joined')?.mode).toBe('replay');
      const { epoch } = again.view(brane.id);
      if (!epoch) throw new Error('no epoch');
      const far = await node.client(brane.owner);
      far.send({ type: 'brane.join', brane_id: brane.id, after: { epoch, seq: 1 } });
      await world.settle();
      expect(far.last('brane.joined')?.mode).toBe('snapshot');
      expect(far.view(brane.id).scene?.size).toBe(4);
      expect(far.faults).toEqual([]);
    }
  });

  it('says which pending edits are part of the state that it sends; the others come as entries (R4)', async () => {
    const { world, node, brane } = await open({ limits: { snapshot_shared_entries: 2 } });
    const client = await node.client(brane.owner);
    await world.join(client, brane.id);
    const done = client.edit(brane.id, [world.block(brane.id)]);
    const refused = client.edit(brane.id, [world.block(world.objectId())]);
    await world.settle();
    for (let count = 0; count < 2; count += 1) await world.write(node, brane, [world.block(brane.id)]);
    const never = world.opId();
    const pending = [done, refused, never];
    const fresh = await node.client(brane.owner);
    fresh.send({ type: 'brane.join', brane_id: brane.id, pending });
    const other = await node.client(await world.member(node, brane, 'editor'));
    other.send({ type: 'brane.join', brane_id: brane.id, pending });
    await world.settle();
    expect(fresh.last('brane.joined')?.committed).toEqual([done]);
    expect(other.last('brane.joined')?.committed).toEqual([]);
    const later = client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    const sharing = await node.client(brane.owner);
    sharing.send({ type: 'brane.join', brane_id: brane.id, pending: [done, later] });
    await world.settle();
    expect(sharing.last('brane.joined')?.committed).toEqual([done]);
    expect(sharing.all('brane.ops').map(({ op_id }) => op_id)).toContain(later);
  });

  it('shares one snapshot among all who join, in parts of at most 256 KiB (R2)', async () => {
    const { world, node, brane } = await open();
    for (let count = 0; count < 16; count += 1) {
      await world.write(node, brane, [
        {
          op: 'create',
          object: { kind: 'block', parent_id: brane.id, properties: { text: 'x'.repeat(30_000) } },
        },
      ]);
    }
    const clients = await Promise.all([1, 2, 3].map(() => node.client(brane.owner)));
    for (const client of clients) client.send({ type: 'brane.join', brane_id: brane.id });
    await world.advance(200);
    expect(node.counts.snapshots).toBe(1);
    for (const client of clients) {
      expect(client.all('brane.snapshot').length).toBeGreaterThan(1);
      expect(client.view(brane.id)).toMatchObject({ seq: 17, synced: true });
      for (const message of client.socket.sent)
        expect(message.length).toBeLessThanOrEqual(MAX_SNAPSHOT_CHUNK_BYTES);
    }
    const [one, two] = clients.map((client) =>
      client.socket.sent.find((message) => message.length > 100_000),
    );
    expect(one).toBe(two);
  });

  it('is refused for an unknown brane, a brane of others, and a deleted one; nothing else is told (RT-4)', async () => {
    const { world, node, brane } = await open();
    const stranger = await node.client(world.user());
    stranger.send({ type: 'brane.join', brane_id: brane.id, id: 'j' });
    await world.settle();
    stranger.send({ type: 'brane.join', brane_id: world.objectId() as BraneId });
    await world.settle();
    expect(stranger.all('system.error')).toMatchObject([
      { code: 'brane.not_found', in_reply_to: 'j', brane_id: brane.id },
      { code: 'brane.not_found' },
    ]);
    await world.administer(node, brane, [{ op: 'set_status', status: 'deleted' }]);
    const owner = await node.client(brane.owner);
    await world.join(owner, brane.id);
    expect(owner.errors()).toEqual(['brane.deleted']);
    expect(owner.all('brane.joined')).toEqual([]);
  });

  it('judges by the newest membership, though its message was lost', async () => {
    const world = new TestWorld({ delivery: () => undefined });
    const [here, there] = [world.node(), world.node()];
    const brane = await world.brane(here);
    const owner = await there.client(brane.owner);
    await world.join(owner, brane.id);
    const user = await world.member(here, brane, 'viewer');
    const client = await there.client(user);
    await world.join(client, brane.id);
    expect(client.last('brane.joined')).toMatchObject({ role: 'viewer' });
    client.send({ type: 'brane.leave', brane_id: brane.id });
    await world.member(here, brane, null, user);
    await world.join(client, brane.id);
    expect(client.errors()).toEqual(['brane.not_found']);
  });

  it('is open to guests where the brane is, with their role', async () => {
    const world = new TestWorld();
    const node = world.node();
    const brane = await world.brane(node, { visibility: 'link' });
    const guest = await node.client(world.user());
    await world.join(guest, brane.id);
    expect(guest.last('brane.joined')).toMatchObject({ role: 'guest' });
  });

  it('says so when the store is away, and works when it is back (F3)', async () => {
    const store = { away: true };
    const wrap = (source: LogSource): LogSource => ({
      ...source,
      brane: async (id) => {
        if (store.away) throw fail('dependency.unavailable');
        return source.brane(id);
      },
    });
    const { world, node, brane } = await open({ wrap });
    const client = await node.client(brane.owner);
    await world.join(client, brane.id);
    expect(client.last('system.error')).toMatchObject({ code: 'dependency.unavailable', retryable: true });
    store.away = false;
    await world.join(client, brane.id);
    expect(client.view(brane.id).synced).toBe(true);
  });

  it('can be taken back before it is answered', async () => {
    const { world, node, brane } = await open();
    const client = await node.client(brane.owner);
    client.send({ type: 'brane.join', brane_id: brane.id });
    client.send({ type: 'brane.leave', brane_id: brane.id });
    await world.settle();
    expect(client.all('brane.joined')).toEqual([]);
    expect(node.gateway.stats().seats).toBe(0);
  });
});
