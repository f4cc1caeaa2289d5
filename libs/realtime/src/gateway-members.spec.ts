import { type NodeOptions, TestWorld } from './test-support/test-world.spec-support';

async function open(options: NodeOptions = {}, visibility: 'private' | 'link' = 'private') {
  const world = new TestWorld();
  const [here, there] = [world.node(options), world.node(options)];
  const brane = await world.brane(here, { visibility });
  return { world, here, there, brane };
}

describe('members of a brane (L6)', () => {
  it('are put out when they are removed, on every gateway, and see nothing after they were told (RT-2)', async () => {
    const { world, here, there, brane } = await open();
    const user = await world.member(here, brane, 'editor');
    const clients = [await here.client(user), await there.client(user, { format: 'json' })];
    const owner = await there.client(brane.owner);
    for (const client of [...clients, owner]) await world.join(client, brane.id);
    owner.send({ type: 'presence.set', brane_id: brane.id, state: { cursor: 1 } });
    await world.member(here, brane, null, user);
    await world.write(here, brane, [world.block(brane.id)]);
    await world.advance(100);
    for (const client of clients) {
      expect(client.last('brane.left')).toMatchObject({ brane_id: brane.id, reason: 'removed' });
      expect(client.all('brane.ops').map(({ seq }) => seq)).toEqual([]);
      expect(client.faults).toEqual([]);
      client.edit(brane.id, [world.block(brane.id)]);
      await world.settle();
      expect(client.errors()).toEqual(['brane.not_joined']);
    }
    expect(owner.view(brane.id)).toMatchObject({ seq: 4 });
  });

  it('are not sent what waits for them in the outbox when they are removed', async () => {
    const { world, here, brane } = await open({ limits: { socket_bytes: 10 } });
    const user = await world.member(here, brane, 'viewer');
    const client = await here.client(user);
    await world.join(client, brane.id);
    client.socket.stalled = true;
    await world.write(here, brane, [world.block(brane.id, 'first')]);
    for (let count = 0; count < 3; count += 1)
      await world.write(here, brane, [world.block(brane.id, 'secret')]);
    await world.member(here, brane, null, user);
    client.socket.drain();
    await world.advance(100);
    expect(client.last('brane.left')).toMatchObject({ reason: 'removed' });
    expect(JSON.stringify(client.frames)).not.toContain('secret');
    expect(client.frames.at(-1)?.type).toBe('brane.left');
  });

  it('hear of the ack of their own edit even if they are out when it comes', async () => {
    const removal = { run: (): Promise<unknown> => Promise.resolve() };
    const { world, here, brane } = await open({
      committer: (committer) => ({
        ...committer,
        edit: async (request) => {
          const committed = await committer.edit(request);
          await removal.run();
          return committed;
        },
      }),
    });
    const user = await world.member(here, brane, 'editor');
    const client = await here.client(user);
    await world.join(client, brane.id);
    removal.run = () => world.remove(here, brane, user);
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.frames.slice(-3).map(({ type }) => type)).toEqual(['brane.ops', 'brane.left', 'brane.ack']);
    expect(client.faults).toEqual([]);
  });

  it('are told when their role changes, behind the entry that changed it', async () => {
    const { world, here, there, brane } = await open();
    const user = await world.member(here, brane, 'viewer');
    const client = await there.client(user);
    await world.join(client, brane.id);
    await world.member(here, brane, 'editor', user);
    await world.settle();
    expect(client.frames.slice(-2)).toMatchObject([
      { type: 'brane.ops' },
      { type: 'brane.role', role: 'editor' },
    ]);
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.all('brane.ack')).toHaveLength(1);
  });

  it('and guests are judged anew when the brane is opened or closed', async () => {
    const { world, here, there, brane } = await open({}, 'link');
    const user = await world.member(here, brane, 'viewer');
    const [guest, member] = [await there.client(world.user()), await there.client(user)];
    for (const client of [guest, member]) await world.join(client, brane.id);
    await world.member(here, brane, null, user);
    await world.settle();
    expect(member.last('brane.role')).toMatchObject({ role: 'guest' });
    await world.administer(here, brane, [{ op: 'set_brane', visibility: 'private' }]);
    for (const client of [guest, member]) {
      expect(client.last('brane.left')).toMatchObject({ reason: 'removed' });
      expect(client.faults).toEqual([]);
    }
  });

  it('all leave when the brane is deleted (L7)', async () => {
    const { world, here, there, brane } = await open();
    const user = await world.member(here, brane, 'viewer');
    const clients = [await here.client(brane.owner), await there.client(user)];
    for (const client of clients) await world.join(client, brane.id);
    await world.administer(here, brane, [{ op: 'set_status', status: 'deleted' }]);
    await world.settle();
    for (const client of clients) {
      expect(client.last('brane.left')).toMatchObject({ reason: 'deleted' });
      expect(client.faults).toEqual([]);
    }
    await world.administer(here, brane, [{ op: 'set_status', status: 'live' }]);
    await world.join(clients[0] ?? (await here.client(brane.owner)), brane.id);
    expect(clients[0]?.view(brane.id).synced).toBe(true);
  });

  it('are put out within 2 s though the message that says so was lost (R5, RT-3)', async () => {
    const bus = { loses: false };
    const world = new TestWorld({
      delivery: (deliver, channel) => {
        if (bus.loses && channel.startsWith('brane:')) return;
        queueMicrotask(deliver);
      },
    });
    const [here, there] = [world.node(), world.node()];
    const brane = await world.brane(here);
    const user = await world.member(here, brane, 'viewer');
    const client = await there.client(user);
    await world.join(client, brane.id);
    bus.loses = true;
    await world.member(here, brane, null, user);
    expect(client.last('brane.left')).toBeUndefined();
    await world.advance(1_500);
    expect(client.last('brane.left')).toMatchObject({ reason: 'removed' });
    expect(client.faults).toEqual([]);
  });
});
