import { HELLO, TestWorld, tokenOf } from './test-support/test-world.spec-support';

async function open(limits: Record<string, number> = {}) {
  const world = new TestWorld();
  const node = world.node({ limits });
  const brane = await world.brane(node);
  return { world, node, brane };
}

describe('a session and its token', () => {
  it('outlives its token by a grace only, unless it is refreshed (F1)', async () => {
    const { world, node, brane } = await open({ silence_ms: 10_000_000 });
    const expiry = (): number => world.environment.clock.now() + 60_000;
    const [stays, goes] = [
      await node.client(brane.owner, { greet: false }),
      await node.client(brane.owner, { greet: false }),
    ];
    for (const client of [stays, goes]) {
      client.send({ type: 'session.hello', token: tokenOf(brane.owner, expiry()), client: HELLO });
    }
    await world.advance(50_000);
    stays.send({ type: 'session.refresh', id: 'r', token: tokenOf(brane.owner, expiry()) });
    await world.advance(39_000);
    expect(goes.socket.closed).toBeUndefined();
    await world.advance(2_000);
    expect(goes.socket.closed).toEqual({ code: 3400, reason: 'auth.expired' });
    expect(stays.last('session.refreshed')).toMatchObject({ in_reply_to: 'r' });
    expect(stays.socket.closed).toBeUndefined();
  });

  it('cannot be handed to another user by a refresh (F1)', async () => {
    const { world, node, brane } = await open();
    const client = await node.client(brane.owner);
    client.send({ type: 'session.refresh', id: 'r', token: tokenOf(world.user()) });
    client.send({ type: 'session.refresh', id: 's', token: 'wrong' });
    await world.settle();
    expect(client.errors()).toEqual(['session.refresh_refused', 'auth.invalid_token']);
    expect(client.last('system.error')).toMatchObject({ in_reply_to: 's' });
    expect(client.socket.closed).toBeUndefined();
  });

  it('is not made narrower, nor wider than its token, by a refresh: the refusal says why (ID20)', async () => {
    const { world, node, brane } = await open();
    const client = await node.client(brane.owner, { greet: false });
    const later = world.environment.clock.now() + 3_600_000;
    const token = tokenOf(brane.owner, later, ['brane:read', 'brane:write']);
    client.send({ type: 'session.hello', token, client: HELLO });
    await world.settle();
    for (const scopes of [['brane:read'], [], ['brane:write', 'user:read']] as const) {
      client.send({ type: 'session.refresh', token: tokenOf(brane.owner, later, scopes) });
    }
    await world.settle();
    expect(client.all('system.error')).toMatchObject(
      Array.from({ length: 3 }, () => ({ code: 'session.refresh_refused', details: { why: 'scopes' } })),
    );
    client.send({ type: 'session.refresh', token });
    client.send({ type: 'session.refresh', token: tokenOf(brane.owner, later) });
    await world.settle();
    expect(client.all('session.refreshed')).toHaveLength(2);
    client.send({ type: 'session.refresh', token });
    await world.settle();
    expect(client.last('system.error')).toMatchObject({ details: { why: 'scopes' } });
  });

  it('is put out when its sign-in is revoked (F1)', async () => {
    const { world, node, brane } = await open();
    const client = await node.client(brane.owner);
    const other = await node.client(world.user());
    node.revoke(brane.owner);
    await world.settle();
    expect(client.socket.closed).toEqual({ code: 3502, reason: 'auth.revoked' });
    expect(other.socket.closed).toBeUndefined();
    const again = await node.client(brane.owner);
    expect(again.socket.closed?.code).toBe(3502);
  });
});
