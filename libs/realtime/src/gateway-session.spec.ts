import { encodeCbor, ERRORS } from '@state-server/protocol';
import { HELLO, TestWorld, tokenOf } from './test-support/test-world.spec-support';

async function open(limits: Record<string, number> = {}) {
  const world = new TestWorld();
  const node = world.node({ limits });
  const brane = await world.brane(node);
  return { world, node, brane };
}

describe('a session', () => {
  it('says who is there, how often to ping, and the limits', async () => {
    const { node, brane } = await open();
    const client = await node.client(brane.owner);
    expect(client.last('session.welcome')).toMatchObject({
      user: { id: brane.owner, name: 'someone' },
      heartbeat_ms: 15_000,
      limits: { frame_bytes: 65_536, ops_per_edit: 500 },
    });
  });

  it('is closed when no hello comes in 5 s', async () => {
    const { world, node, brane } = await open();
    const silent = await node.client(brane.owner, { greet: false });
    await world.advance(4_900);
    expect(silent.socket.closed).toBeUndefined();
    await world.advance(700);
    expect(silent.socket.closed).toEqual({
      code: ERRORS['session.hello_timeout'].close,
      reason: 'session.hello_timeout',
    });
    expect(node.gateway.stats().sessions).toBe(0);
  });

  it('answers whatever else comes first, and lives (RT-5)', async () => {
    const { world, node, brane } = await open();
    const client = await node.client(brane.owner, { greet: false });
    client.send({ type: 'system.ping', id: 'p' });
    client.send({ type: 'brane.join', brane_id: brane.id });
    await world.settle();
    expect(client.errors()).toEqual(['session.hello_required', 'session.hello_required']);
    client.send({ type: 'session.hello', id: 'h', token: tokenOf(brane.owner), client: HELLO });
    await world.settle();
    expect(client.last('session.welcome')).toMatchObject({ in_reply_to: 'h' });
    client.send({ type: 'session.hello', token: tokenOf(brane.owner), client: HELLO });
    client.send({ type: 'system.ping', id: 'again' });
    await world.settle();
    expect(client.errors().at(-1)).toBe('session.already_open');
    expect(client.last('system.pong')).toMatchObject({ in_reply_to: 'again' });
  });

  it('looks at what came in with the hello once it knows who it is', async () => {
    const { world, node, brane } = await open();
    const client = await node.client(brane.owner, { greet: false });
    client.send({ type: 'session.hello', token: tokenOf(brane.owner), client: HELLO });
    client.send({ type: 'brane.join', brane_id: brane.id });
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.all('brane.ack')).toHaveLength(1);
    expect(client.view(brane.id).scene?.size).toBe(2);
    expect(client.faults).toEqual([]);
  });

  it('is refused for a wrong token or another protocol, with a code that says not to come back', async () => {
    const { world, node, brane } = await open();
    const forged = await node.client(brane.owner, { greet: false });
    forged.send({ type: 'session.hello', id: 'h', token: 'wrong', client: HELLO });
    const old = await node.client(brane.owner, { greet: false });
    old.send({ type: 'session.hello', token: tokenOf(brane.owner), client: { ...HELLO, protocol: 99 } });
    await world.settle();
    expect(forged.last('system.error')).toMatchObject({ code: 'auth.invalid_token', in_reply_to: 'h' });
    expect(forged.socket.closed?.code).toBe(3501);
    expect(old.socket.closed?.code).toBe(3506);
  });

  it('answers what it cannot read precisely, and lives (RT-5)', async () => {
    const { world, node, brane } = await open();
    for (const format of ['cbor', 'json'] as const) {
      const client = await node.client(brane.owner, { format });
      client.connection.message(format === 'cbor' ? Uint8Array.of(0xff) : '{"type":');
      client.connection.message(
        format === 'cbor' ? encodeCbor({ __proto__x: 1 }) : '{"type":"x","type":"y"}',
      );
      client.connection.message(
        format === 'cbor' ? '{"type":"system.ping"}' : encodeCbor({ type: 'system.ping' }),
      );
      client.sendValue({ type: 'no.such', id: 'n' });
      client.sendValue({ type: 'system.ping', id: 'p', surplus: 1 });
      client.sendValue({ type: 'brane.interest', brane_id: brane.id, interest: null, id: 'i' });
      await world.settle();
      expect(client.errors()).toEqual([
        'frame.malformed',
        format === 'cbor' ? 'frame.invalid' : 'frame.malformed',
        'frame.malformed',
        'frame.unknown_type',
        'frame.invalid',
        'op.unsupported',
      ]);
      expect(client.all('system.error').map((frame) => frame.in_reply_to)).toEqual([
        undefined,
        undefined,
        undefined,
        'n',
        'p',
        'i',
      ]);
      expect(client.socket.closed).toBeUndefined();
    }
  });

  it('refuses a frame over 64 KiB with the edit’s name, and lives; the next number is welcome (I3, RT-5)', async () => {
    const { world, node, brane } = await open();
    for (const format of ['cbor', 'json'] as const) {
      const client = await node.client(brane.owner, { format });
      await world.join(client, brane.id);
      const op_id = client.edit(brane.id, [world.block(brane.id, 'x'.repeat(70_000))], { id: 'big' });
      await world.settle();
      expect(client.last('system.error')).toMatchObject({
        code: 'frame.too_large',
        in_reply_to: 'big',
        op_id,
        details: { max_bytes: 65_536 },
      });
      client.edit(brane.id, [world.block(brane.id)]);
      await world.settle();
      expect(client.all('brane.ack')).toHaveLength(1);
    }
  });

  it('is limited in frames per second: says when to try again, and ends only for a flood (RT-5)', async () => {
    const { world, node, brane } = await open({ frames_per_second: 10, frames_burst: 5, frames_refused: 20 });
    const client = await node.client(brane.owner);
    for (let count = 0; count < 5; count += 1) client.send({ type: 'system.ping', id: `p${count}` });
    await world.settle();
    expect(client.last('system.error')).toMatchObject({
      code: 'rate.limited',
      retryable: true,
      in_reply_to: 'p4',
    });
    expect(client.last('system.error')?.retry_after_ms).toBeGreaterThan(0);
    await world.advance(1_000);
    client.send({ type: 'system.ping', id: 'later' });
    await world.settle();
    expect(client.last('system.pong')).toMatchObject({ in_reply_to: 'later' });
    for (let count = 0; count < 60; count += 1) client.send({ type: 'system.ping' });
    await world.settle();
    expect(client.socket.closed?.reason).toBe('rate.limited');
  });

  it('is ended by a flood of nothing too', async () => {
    const { world, node, brane } = await open({ frames_per_second: 10, frames_burst: 5, frames_refused: 20 });
    const client = await node.client(brane.owner);
    for (let count = 0; count < 60; count += 1) client.connection.message(new Uint8Array(0));
    await world.settle();
    expect(client.socket.closed?.reason).toBe('rate.limited');
  });

  it('is ended by a flood that goes on, though a part of it is let through (RT-5)', async () => {
    const { world, node, brane } = await open({ frames_per_second: 10, frames_burst: 5, frames_refused: 60 });
    const client = await node.client(brane.owner);
    for (let second = 0; second < 10 && !client.socket.closed; second += 0.1) {
      for (let count = 0; count < 3; count += 1) client.send({ type: 'system.ping' });
      await world.advance(100);
    }
    expect(client.socket.closed?.reason).toBe('rate.limited');
  });

  it('is borne with when it is a little too fast (RT-5)', async () => {
    const { world, node, brane } = await open({ frames_per_second: 10, frames_burst: 5, frames_refused: 60 });
    const client = await node.client(brane.owner);
    for (let second = 0; second < 60; second += 1) {
      for (let count = 0; count < 10; count += 1) {
        client.send({ type: 'system.ping' });
        await world.advance(count === 9 ? 50 : 95);
      }
    }
    expect(client.errors()).toContain('rate.limited');
    expect(client.socket.closed).toBeUndefined();
  });

  it('is ended for good when too much of what it sends cannot be read (RT-5)', async () => {
    for (const rubbish of [
      new Uint8Array([0xff]),
      new Uint8Array(0),
      Uint8Array.of(0xa1, 0x61, 0x61, 0x01),
    ]) {
      const { world, node, brane } = await open({ frames_spoiled: 20, frames_per_second: 1_000 });
      const client = await node.client(brane.owner);
      for (let count = 0; count < 20; count += 1) client.connection.message(rubbish);
      await world.settle();
      expect(client.socket.closed).toBeUndefined();
      client.connection.message(rubbish);
      await world.settle();
      expect(client.socket.closed).toMatchObject({ code: 3507, reason: 'frame.too_many_spoiled' });
    }
  });

  it('keeps only so much that comes in before it knows who it is', async () => {
    const { world, node, brane } = await open({ frames_before_welcome: 2 });
    const client = await node.client(brane.owner, { greet: false });
    client.send({ type: 'session.hello', token: tokenOf(brane.owner), client: HELLO });
    for (const id of ['one', 'two', 'three']) client.send({ type: 'system.ping', id });
    await world.settle();
    expect(client.all('system.pong').map((pong) => pong.in_reply_to)).toEqual(['one', 'two']);
    expect(client.all('system.error')).toMatchObject([
      { code: 'session.hello_required', in_reply_to: 'three' },
    ]);
  });

  it('is one of so many of a user', async () => {
    const { world, node, brane } = await open({ sessions_per_user: 2 });
    const [first] = [await node.client(brane.owner), await node.client(brane.owner)];
    const third = await node.client(brane.owner);
    expect(third.socket.closed?.reason).toBe('session.too_many');
    first.connection.closed();
    const fourth = await node.client(brane.owner);
    await world.settle();
    expect(fourth.socket.closed).toBeUndefined();
  });

  it('joins so many branes at a time, each once', async () => {
    const { world, node, brane } = await open({ branes_per_session: 1 });
    const other = await world.brane(node, { owner: brane.owner });
    const client = await node.client(brane.owner);
    await world.join(client, brane.id);
    await world.join(client, brane.id);
    await world.join(client, other.id);
    expect(client.errors()).toEqual(['brane.already_joined', 'brane.too_many_joined']);
    client.send({ type: 'brane.leave', brane_id: brane.id, id: 'l' });
    await world.join(client, other.id);
    expect(client.last('brane.left')).toMatchObject({ reason: 'left', in_reply_to: 'l' });
    expect(client.last('brane.joined')).toMatchObject({ brane_id: other.id });
  });

  it('ends when nothing is heard of the client', async () => {
    const { world, node, brane } = await open();
    const client = await node.client(brane.owner);
    await world.advance(39_000);
    client.send({ type: 'system.ping' });
    await world.advance(39_000);
    expect(client.socket.closed).toBeUndefined();
    await world.advance(2_000);
    expect(client.socket.closed).toEqual({ code: 3003, reason: 'session.silent' });
  });

  it('leaves nothing behind when it is closed', async () => {
    const { world, node, brane } = await open();
    const client = await node.client(brane.owner);
    await world.join(client, brane.id);
    client.send({ type: 'presence.set', brane_id: brane.id, state: { a: 1 } });
    client.connection.closed();
    client.connection.closed();
    client.send({ type: 'system.ping' });
    await world.advance(15_000);
    expect(node.gateway.stats()).toEqual({ sessions: 0, rooms: 0, seats: 0, outboxBytes: 0 });
    expect(world.environment.pendingTimers).toBe(0);
  });
});
