import type { Value } from '@state-server/domain';
import { TestWorld } from './test-support/test-world.spec-support';

async function open() {
  const world = new TestWorld();
  const [here, there] = [world.node(), world.node()];
  const brane = await world.brane(here);
  const [one, two] = [await here.client(brane.owner), await there.client(brane.owner, { format: 'json' })];
  for (const client of [one, two]) await world.join(client, brane.id);
  return { world, here, there, brane, one, two };
}

describe('presence between clients (R6)', () => {
  it('reaches peers on every gateway, not its own session', async () => {
    const { world, brane, one, two } = await open();
    one.send({ type: 'presence.set', brane_id: brane.id, state: { cursor: [1, 2, 3] } });
    await world.advance(150);
    const session = one.last('session.welcome')?.session_id;
    expect(two.last('presence.update')).toMatchObject({
      entries: [{ session_id: session, user_id: brane.owner, state: { cursor: [1, 2, 3] } }],
      left: [],
    });
    expect(one.all('presence.update')).toEqual([]);
  });

  it('is given in full to whoever joins, on a gateway too that has just opened the brane', async () => {
    const { world, here, brane, one, two } = await open();
    one.send({ type: 'presence.set', brane_id: brane.id, state: { name: 'one' } });
    two.send({ type: 'presence.set', brane_id: brane.id, state: { name: 'two' } });
    await world.advance(150);
    for (const node of [here, world.node()]) {
      const joiner = await node.client(brane.owner);
      await world.join(joiner, brane.id);
      await world.advance(150);
      const names = joiner
        .all('presence.update')
        .flatMap(({ entries }) => entries.map(({ state }) => state['name']));
      expect(names.sort()).toEqual(['one', 'two']);
    }
  });

  it('ends when the client leaves, is closed, or is put out', async () => {
    const { world, here, brane, one, two } = await open();
    const session = one.last('session.welcome')?.session_id;
    const set = (): void => one.send({ type: 'presence.set', brane_id: brane.id, state: { a: 1 } });
    set();
    await world.advance(150);
    one.send({ type: 'brane.leave', brane_id: brane.id });
    await world.advance(150);
    expect(two.last('presence.update')).toMatchObject({ left: [session] });
    await world.join(one, brane.id);
    set();
    await world.advance(150);
    expect(two.last('presence.update')).toMatchObject({ entries: [{ state: { a: 1 } }] });
    one.connection.closed();
    await world.advance(150);
    expect(two.last('presence.update')).toMatchObject({ left: [session] });
    expect(here.gateway.stats().sessions).toBe(0);
  });

  it('is forgotten 10 s after it was last said, though its gateway died without a word', async () => {
    const { world, here, brane, one, two } = await open();
    one.send({ type: 'presence.set', brane_id: brane.id, state: { a: 1 } });
    await world.advance(150);
    here.bus.disconnect();
    two.send({ type: 'system.ping' });
    await world.advance(9_000);
    expect(two.last('presence.update')).toMatchObject({ left: [] });
    await world.advance(2_000);
    expect(two.last('presence.update')).toMatchObject({ left: [one.last('session.welcome')?.session_id] });
  });

  it('that is too deep to be passed on is refused, and the connection lives (R6, RT-5)', async () => {
    const { world, brane, one, two } = await open();
    const nested = (levels: number): Value => (levels === 0 ? 1 : { a: nested(levels - 1) });
    const set = (levels: number): void => {
      one.send({ type: 'presence.set', brane_id: brane.id, state: { a: nested(levels) } });
    };
    set(29);
    await world.advance(150);
    expect(two.all('presence.update')).toEqual([]);
    expect(one.errors()).toEqual(['field.invalid']);
    set(15);
    await world.advance(150);
    expect(two.last('presence.update')).toMatchObject({ entries: [{ state: { a: nested(15) } }] });
  });

  it('that is too large is refused, and the connection lives', async () => {
    const { world, brane, one } = await open();
    one.send({ type: 'presence.set', id: 'p', brane_id: brane.id, state: { text: 'x'.repeat(5_000) } });
    await world.settle();
    expect(one.last('system.error')).toMatchObject({
      code: 'field.too_large',
      in_reply_to: 'p',
      details: { max_bytes: 4_096 },
    });
  });
});
