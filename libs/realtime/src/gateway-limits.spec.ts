import { HELLO, TestWorld, tokenOf } from './test-support/test-world.spec-support';

async function open(limits: Record<string, number>) {
  const world = new TestWorld();
  const node = world.node({ limits });
  const brane = await world.brane(node, { visibility: 'public' });
  return { world, node, brane };
}

describe('sockets of one gateway (ID19)', () => {
  it('are so many of one address, whoever they are, signed in or not', async () => {
    const { world, node, brane } = await open({ sessions_per_address: 2 });
    const silent = await node.client(brane.owner, { greet: false });
    const first = await node.client(world.user());
    const third = await node.client(world.user());
    expect(third.last('system.error')).toMatchObject({
      details: { limit: 'address', max: 2 },
      retryable: true,
    });
    expect(third.socket.closed).toEqual({ code: 3007, reason: 'session.too_many' });
    expect((await node.client(world.user(), { address: '192.0.2.1' })).socket.closed).toBeUndefined();
    silent.connection.closed();
    silent.connection.closed();
    expect((await node.client(world.user())).socket.closed).toBeUndefined();
    expect((await node.client(world.user())).socket.closed?.reason).toBe('session.too_many');
    expect(first.socket.closed).toBeUndefined();
    expect(node.counts.limited).toEqual(['sockets address', 'sockets address']);
  });

  it('are so many of one user, from wherever', async () => {
    const { world, node, brane } = await open({ sessions_per_user: 1 });
    const first = await node.client(brane.owner);
    const second = await node.client(brane.owner, { address: '192.0.2.1' });
    expect(second.last('system.error')).toMatchObject({ details: { limit: 'user', max: 1 } });
    expect((await node.client(world.user())).socket.closed).toBeUndefined();
    first.connection.closed();
    expect((await node.client(brane.owner)).socket.closed).toBeUndefined();
    expect(node.counts.limited).toEqual(['sockets user']);
  });

  it('are so many in one brane: the next one is told, lives, and may come when another has left', async () => {
    const { world, node, brane } = await open({ sessions_per_brane: 2 });
    const clients = [
      await node.client(brane.owner),
      await node.client(world.user()),
      await node.client(world.user()),
    ];
    for (const client of clients) await world.join(client, brane.id);
    const [first, , third] = clients;
    expect(third?.last('system.error')).toMatchObject({
      ...{ code: 'session.too_many', retryable: true, brane_id: brane.id },
      details: { limit: 'brane', max: 2 },
    });
    expect(third?.socket.closed).toBeUndefined();
    first?.send({ type: 'brane.leave', brane_id: brane.id });
    if (third) await world.join(third, brane.id);
    expect(third?.all('brane.joined')).toHaveLength(1);
    // Whoever goes without leaving, or is refused, keeps no place.
    third?.connection.closed();
    const unseen = await world.brane(node);
    for (let count = 0; count < 5; count += 1) {
      const stranger = await node.client(world.user());
      await world.join(stranger, unseen.id);
      expect(stranger.errors()).toEqual(['brane.not_found']);
    }
    const last = await node.client(world.user());
    await world.join(last, brane.id);
    expect(last.all('brane.joined')).toHaveLength(1);
  });
});

describe('edits of one gateway (ID19)', () => {
  const scopes = [
    ['user', { edits_per_second_user: 1 }],
    ['address', { edits_per_second_address: 1 }],
    ['brane', { edits_per_second_brane: 1 }],
  ] as const;

  it.each(scopes)('are so many a second of one %s, over all of its sessions', async (per, limits) => {
    const { world, node, brane } = await open(limits);
    const other = await world.brane(node, { owner: brane.owner });
    const [one, two] = [await node.client(brane.owner), await node.client(brane.owner)];
    for (const client of [one, two]) await world.join(client, brane.id);
    // Three at once: two here, one there.
    for (const client of [one, one, two]) client.edit(brane.id, [world.block(brane.id)]);
    two.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect([one.errors(), two.errors()]).toEqual([[], ['rate.limited']]);
    const refused = two.last('system.error');
    expect(refused).toMatchObject({ retryable: true, details: { limit: 'edits', per } });
    expect(node.counts.limited).toEqual([`edits ${per}`]);
    // Somebody who shares none of the three is not concerned; nor is he who comes again in time.
    const elsewhere = await world.brane(node);
    const stranger = await node.client(elsewhere.owner, { address: '192.0.2.1' });
    await world.join(stranger, elsewhere.id);
    stranger.edit(elsewhere.id, [world.block(elsewhere.id)]);
    await world.join(two, other.id);
    await world.advance(refused?.retry_after_ms ?? 0);
    two.edit(brane.id, [world.block(brane.id)], { clientSeq: 2 });
    await world.settle();
    expect(stranger.all('brane.ack')).toHaveLength(1);
    expect(two.all('brane.ack')).toHaveLength(2);
  });

  it('are not won by connecting again', async () => {
    const { world, node, brane } = await open({ edits_per_second_user: 1 });
    for (let count = 0; count < 4; count += 1) {
      const client = await node.client(brane.owner);
      await world.join(client, brane.id);
      client.edit(brane.id, [world.block(brane.id)]);
      await world.settle();
      expect(client.errors()).toEqual(count < 3 ? [] : ['rate.limited']);
      client.connection.closed();
    }
  });
});

describe('a message of a session that was revoked (ID21)', () => {
  it('is not looked at any more, though nobody has told the session yet', async () => {
    const { world, node, brane } = await open({ beat_ms: 60_000 });
    const client = await node.client(brane.owner, { greet: false });
    client.send({ type: 'session.hello', token: tokenOf(brane.owner), client: HELLO });
    await world.join(client, brane.id);
    node.revoke(brane.owner, { silently: true });
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.all('brane.ack')).toEqual([]);
    expect(client.socket.closed).toEqual({ code: 3502, reason: 'auth.revoked' });
  });
});
