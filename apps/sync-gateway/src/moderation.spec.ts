import { type Committer, createCommitter, createPublisher } from '@state-server/commit';
import { asOpId, asUserId, type BraneId, type UserId } from '@state-server/domain';
import { listPeople, moderate } from '@state-server/features-guest';
import { createMemoryHub, type MemoryBus } from '@state-server/messaging-memory';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { realEnvironment } from '@state-server/platform';
import { until } from '@state-server/testing';
import { makeBrane, type Peer, startTestGateway, type TestGateway } from './sync-gateway.spec-support';

jest.setTimeout(60_000);

let store: Store;
let buses: MemoryBus[];
let gateways: TestGateway[];
let brane: BraneId;
let owner: UserId;

/** Of another service, with a link of its own. */
let writer: () => Committer;
let stopPublisher: () => void;
const opId = () => asOpId(crypto.randomUUID());

beforeEach(async () => {
  const hub = createMemoryHub();
  store = createMemoryStore({ environment: realEnvironment });
  buses = [hub.connect(), hub.connect()];
  const publisher = createPublisher({ bus: hub.connect(), environment: realEnvironment });
  stopPublisher = () => {
    publisher.stop();
  };
  const committer = createCommitter({
    ...{ store, environment: realEnvironment, writerId: crypto.randomUUID() },
    publish: (braneId, messages) => {
      publisher.publish(braneId, messages);
    },
  });
  writer = () => committer;
  gateways = await Promise.all(buses.map((bus) => startTestGateway({ store, bus })));
  ({ id: brane, owner } = await makeBrane(store));
});
afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  stopPublisher();
});

async function member(role: 'moderator' | 'editor' | 'viewer'): Promise<UserId> {
  const id = asUserId(crypto.randomUUID());
  const at = new Date().toISOString();
  await writer().administer({
    ...{ brane_id: brane, actor: { kind: 'user', user_id: owner } as const, op_id: opId() },
    ops: [{ op: 'set_member', user_id: id, role }],
    also: (tx) => {
      const user = { id, name: role, roles: ['user'] as const, version: 1, created_at: at, updated_at: at };
      tx.put('users', user);
      return Promise.resolve();
    },
  });
  return id;
}

const gatewayAt = (index: number): TestGateway => {
  const gateway = gateways[index];
  if (!gateway) throw new Error(`there is no gateway ${index}`);
  return gateway;
};

async function joined(user: UserId, index: number): Promise<Peer> {
  const peer = await gatewayAt(index).connect(user);
  peer.send({ type: 'brane.join', brane_id: brane });
  await peer.next('brane.synced');
  return peer;
}

const act = (action: 'kick' | 'ban' | 'mute', target: UserId) =>
  moderate(
    { store, committer: writer(), environment: realEnvironment },
    { user_id: owner, brane_id: brane, op_id: opId(), target, action, reason: 'noise' },
  );

const people = async (): Promise<string[]> => {
  const deps = { store, environment: realEnvironment };
  return (await listPeople(deps, { user_id: owner, brane_id: brane })).map(({ user_id }) => user_id).sort();
};

describe('moderation on real gateways', () => {
  it.each([
    ['with the bus', true],
    ['without it', false],
  ])('puts out and tells why within 2 s, %s (MOD-5, F2)', async (_, connected) => {
    const [editor, viewer] = [await member('editor'), await member('viewer')];
    const [here, there] = [await joined(editor, 0), await joined(viewer, 1)];
    if (!connected) for (const bus of buses) bus.disconnect();
    await act('kick', editor);
    await act('ban', viewer);
    const soon = { timeoutMs: 2_000, what: 'both to be put out' };
    await until(() => here.all('brane.left').length > 0 && there.all('brane.left').length > 0, soon);
    expect([here.all('brane.left')[0]?.reason, there.all('brane.left')[0]?.reason]).toEqual([
      'kicked',
      'banned',
    ]);
    const told = await there.next('system.error', ({ code }) => code === 'brane.banned');
    expect(told.details).toMatchObject({ brane_id: brane, reason: 'noise' });
    await here.next('system.error', ({ code }) => code === 'brane.kicked');
    for (const peer of [here, there]) peer.send({ type: 'brane.join', brane_id: brane });
    await here.next('brane.joined', () => here.all('brane.joined').length === 2);
    await there.next('system.error', ({ code }) => code === 'brane.not_found');
    expect(there.all('brane.joined')).toHaveLength(1);
  });

  it('silences: no edit, no presence, and he is not seen any more (MOD-5)', async () => {
    const editor = await member('editor');
    const [loud, other] = [await joined(editor, 0), await joined(owner, 1)];
    loud.send({ type: 'presence.set', brane_id: brane, state: { cursor: 1 } });
    await other.next('presence.update', ({ entries }) => entries.some(({ user_id }) => user_id === editor));
    await act('mute', editor);
    await loud.next('brane.role', ({ role }) => role === 'viewer');
    await other.next('presence.update', ({ left }) => left.length === 1);
    loud.edit(brane, 'no');
    await loud.next('system.error', ({ code }) => code === 'permission.denied');
    loud.send({ type: 'presence.set', brane_id: brane, state: { cursor: 2 } });
    await until(() => loud.all('system.error').length === 2);
    expect(loud.all('system.error').map(({ code }) => code)).toEqual([
      'permission.denied',
      'permission.denied',
    ]);
    expect(loud.closed).toBeUndefined();
  });
});

describe('the people of a brane', () => {
  it('are listed over all gateways, without the bus too, and gone when they are (GUEST-11)', async () => {
    for (const bus of buses) bus.disconnect();
    const viewer = await member('viewer');
    await joined(owner, 0);
    const there = await joined(viewer, 1);
    await until(async () => (await people()).length === 2, { what: 'both to be listed' });
    there.send({ type: 'brane.leave', brane_id: brane });
    await until(async () => (await people()).length === 1, { what: 'one to be gone' });
    await gatewayAt(0).drain();
    expect(await people()).toEqual([]);
  });

  it('are no more than the brane wants, over all gateways; keepers of order get in (GUEST-9)', async () => {
    const settings = { op: 'set_brane', settings: { people_max: 1 } } as const;
    await writer().administer({
      ...{
        brane_id: brane,
        actor: { kind: 'user', user_id: owner } as const,
        op_id: opId(),
        ops: [settings],
      },
    });
    const [first, second] = [await member('viewer'), await member('viewer')];
    const one = await joined(first, 0);
    const full = await gatewayAt(1).connect(second);
    full.send({ type: 'brane.join', brane_id: brane });
    const refused = await full.next('system.error', ({ code }) => code === 'brane.full');
    expect([refused.retryable, refused.details]).toEqual([true, { brane_id: brane, max: 1 }]);
    await joined(await member('moderator'), 1);
    await joined(owner, 0);
    one.socket.close();
    const others = async (): Promise<boolean> => {
      const there = await people();
      return !there.includes(first) && there.length === 2;
    };
    await until(others, { what: 'his place to be free, and the other two to be listed' });
  });
});
