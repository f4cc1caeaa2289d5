import { asSessionId, type SessionId, type ValueMap } from '@state-server/domain';
import { createMemoryHub, type Delivery } from '@state-server/messaging-memory';
import {
  parseServerFrame,
  type PresenceUpdateFrame,
  splitFrames,
  type WireFormat,
} from '@state-server/protocol';
import { buildWorld, createFakeEnvironment } from '@state-server/testing';
import { Presence } from './presence';
import { MissedPresence, type PresenceUpdate } from './presence-update';

const LIMITS = { presence_tick_ms: 50, presence_ttl_ms: 10_000, presence_bytes: 100 };
const environment = createFakeEnvironment();
const world = buildWorld(environment.ids);
const session = (): SessionId => asSessionId(environment.ids.uuid());

const decode = (frame: Uint8Array | string | undefined): PresenceUpdateFrame | undefined =>
  frame === undefined ? undefined : (splitFrames(frame).map(parseServerFrame)[0] as PresenceUpdateFrame);

/** Two gateways' views of one brane. */
async function pair(delivery?: Delivery) {
  const hub = createMemoryHub(delivery ? { delivery } : {});
  const make = async () => {
    const link = hub.connect();
    const updates: PresenceUpdate[] = [];
    const presence = new Presence(world.braneId, {
      environment,
      limits: LIMITS,
      publish: (payload) => link.publish('presence', payload),
      broadcast: (update) => updates.push(update),
    });
    await link.subscribe('presence', (payload) => presence.receive(payload));
    const seen = (watcher = session(), format: WireFormat = 'cbor') =>
      updates.splice(0).flatMap((update) => decode(update.frameFor(watcher, format)) ?? []);
    return { link, presence, seen };
  };
  return { here: await make(), there: await make() };
}

const entry = (session_id: SessionId, state: ValueMap) => ({ session_id, user_id: world.owner, state });

describe('presence (R6)', () => {
  it('tells at a tick what changed, here and on other gateways, latest value per key', async () => {
    const { here, there } = await pair();
    const id = session();
    here.presence.set(id, world.owner, { cursor: 1, tool: 'paint' });
    here.presence.set(id, world.owner, { cursor: 2 });
    await environment.advance(49);
    expect(here.seen()).toEqual([]);
    await environment.advance(100);
    expect(here.seen()).toMatchObject([{ entries: [entry(id, { cursor: 2, tool: 'paint' })], left: [] }]);
    expect(there.seen()).toMatchObject([{ entries: [entry(id, { cursor: 2, tool: 'paint' })], left: [] }]);
    here.presence.set(id, world.owner, { tool: null });
    await environment.advance(100);
    expect(there.seen()).toMatchObject([{ entries: [entry(id, { tool: null })] }]);
  });

  it('is not told again when it is only refreshed', async () => {
    const { here, there } = await pair();
    const id = session();
    here.presence.set(id, world.owner, { cursor: 1 });
    await environment.advance(100);
    here.seen();
    there.seen();
    here.presence.set(id, world.owner, { cursor: 1 });
    await environment.advance(100);
    expect([...here.seen(), ...there.seen()]).toEqual([]);
  });

  it('is dead 10 s after it was last said, by the clock of whoever hears it', async () => {
    const { here, there } = await pair();
    const id = session();
    here.presence.set(id, world.owner, { cursor: 1 });
    await environment.advance(100);
    there.seen();
    environment.jump(3_600_000);
    for (let second = 0; second < 12; second += 1) {
      await environment.advance(1_000);
      if (second === 4) here.presence.set(id, world.owner, { cursor: 1 });
      there.presence.sweep();
    }
    expect(there.seen()).toEqual([]);
    await environment.advance(5_000);
    there.presence.sweep();
    await environment.advance(100);
    expect(there.seen()).toMatchObject([{ entries: [], left: [id] }]);
    expect(there.presence.frameOfAll(session(), 'cbor')).toBeUndefined();
  });

  it('ends at once when the session leaves, and a late message does not bring it back', async () => {
    const held: (() => void)[] = [];
    const { here, there } = await pair((deliver) => held.push(deliver));
    const id = session();
    here.presence.set(id, world.owner, { cursor: 1 });
    await environment.advance(100);
    here.presence.drop(id);
    await environment.advance(100);
    for (const deliver of held.splice(0).reverse()) deliver();
    await environment.advance(100);
    expect(there.presence.frameOfAll(session(), 'cbor')).toBeUndefined();
    expect(here.seen().at(-1)).toMatchObject({ left: [id] });
  });

  it('gives a gateway that opens the brane all that the others know', async () => {
    const { here, there } = await pair();
    const id = session();
    there.link.disconnect();
    here.presence.set(id, world.owner, { cursor: 1 });
    await environment.advance(100);
    there.link.reconnect();
    there.presence.introduce();
    await environment.advance(100);
    expect(decode(there.presence.frameOfAll(session(), 'json'))).toMatchObject({
      entries: [entry(id, { cursor: 1 })],
    });
  });

  it('does not tell a session of itself, and encodes each part once for all the others', async () => {
    const { here } = await pair();
    const [one, two] = [session(), session()];
    const updates: PresenceUpdate[] = [];
    const presence = new Presence(world.braneId, {
      environment,
      limits: LIMITS,
      publish: () => undefined,
      broadcast: (update) => updates.push(update),
    });
    presence.set(one, world.owner, { a: 1 });
    presence.set(two, world.owner, { b: 2 });
    await environment.advance(100);
    const [update] = updates;
    for (const format of ['cbor', 'json'] as const) {
      expect(decode(update?.frameFor(one, format))?.entries).toEqual([entry(two, { b: 2 })]);
      expect(decode(update?.frameFor(session(), format))?.entries).toHaveLength(2);
      expect(update?.frameFor(session(), format)).toBe(update?.frameFor(session(), format));
    }
    here.presence.set(one, world.owner, { a: 1 });
    await environment.advance(100);
    expect(here.seen(one)).toEqual([]);
  });

  it('is refused when it is too large, and the old one stays', async () => {
    const { here } = await pair();
    const id = session();
    here.presence.set(id, world.owner, { cursor: 1 });
    expect(() => here.presence.set(id, world.owner, { text: 'x'.repeat(200) })).toThrow('100 bytes');
    expect(decode(here.presence.frameOfAll(session(), 'cbor'))).toMatchObject({
      entries: [entry(id, { cursor: 1 })],
    });
  });

  it('takes no harm from what is no message of it', async () => {
    const { here } = await pair();
    for (const payload of [
      [],
      [1],
      [0xff],
      [0x80],
      [0x82, 0x01, 0x80],
      [0x82, 0x66, 0x73, 0x74, 0x61, 0x74, 0x65, 0x73, 0x81, 0x01],
    ]) {
      here.presence.receive(Uint8Array.from(payload));
    }
    await environment.advance(100);
    expect(here.seen()).toEqual([]);
  });

  it('is conflated for a slow socket: latest per session and key, and who left (RT-7)', async () => {
    const { here } = await pair();
    const [one, two] = [session(), session()];
    const missed = new MissedPresence();
    const updates: PresenceUpdate[] = [];
    const presence = new Presence(world.braneId, {
      environment,
      limits: LIMITS,
      publish: () => undefined,
      broadcast: (update) => updates.push(update),
    });
    for (let round = 0; round < 20; round += 1) {
      presence.set(one, world.owner, { cursor: round, [`key${round % 2}`]: round });
      presence.set(two, world.owner, { cursor: round });
      await environment.advance(100);
    }
    presence.drop(two);
    await environment.advance(100);
    for (const update of updates) missed.add(update, session());
    expect(decode(missed.frame(world.braneId, 'cbor'))).toMatchObject({
      entries: [entry(one, { cursor: 19, key0: 18, key1: 19 })],
      left: [two],
    });
    here.presence.stop();
  });
});
