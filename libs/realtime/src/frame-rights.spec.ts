import { type Scope, SCOPE_OF } from '@state-server/domain';
import { formatRightsRow, readRightsTable } from '@state-server/testing';
import { assertMayFrame, FRAME_ACTIONS } from './frame-rights';
import type { TestClient } from './test-support/test-client.spec-support';
import { type TestBrane, type TestNode, TestWorld, tokenOf } from './test-support/test-world.spec-support';

const world = new TestWorld();
const node: TestNode = world.node();
const table = readRightsTable('frames');

interface Asking {
  readonly client: TestClient;
  readonly brane: TestBrane;
}

/** Somebody of the role, with a socket that has said who it is; and the brane that he asks for. */
async function as(role: string): Promise<Asking> {
  const isOpen = role === 'visitor';
  const brane = await world.brane(node, { visibility: isOpen ? 'link' : 'private' });
  if (role === 'stranger' || isOpen) return { client: await node.client(world.user()), brane };
  if (role === 'read key') return { client: await withScopes(brane, ['brane:read']), brane };
  if (role === 'no scope') return { client: await withScopes(brane, ['user:read']), brane };
  if (role === 'owner') return { client: await node.client(brane.owner), brane };
  const member = await world.member(node, brane, role as 'viewer');
  return { client: await node.client(member), brane };
}

/** The owner, by a token that was issued for these. */
async function withScopes({ owner }: TestBrane, scopes: readonly Scope[]): Promise<TestClient> {
  const client = await node.client(owner, { greet: false });
  client.send({
    type: 'session.hello',
    token: tokenOf(owner, world.environment.clock.now() + 900_000, scopes),
    client: { name: 'spec', version: '1.0.0', protocol: 1 },
  });
  await world.settle();
  return client;
}

const FRAMES: Readonly<Record<string, (asking: Asking) => void>> = {
  'brane.join': ({ client, brane }) => client.send({ type: 'brane.join', brane_id: brane.id }),
  'brane.edit': ({ client, brane }) => void client.edit(brane.id, [world.block(brane.id)]),
  'brane.undo': ({ client, brane }) => undo(client, brane, 'brane.undo'),
  'brane.redo': ({ client, brane }) => undo(client, brane, 'brane.redo'),
  'presence.set': ({ client, brane }) =>
    client.send({ type: 'presence.set', brane_id: brane.id, state: { at: 1 } }),
  'brane.leave': ({ client, brane }) => client.send({ type: 'brane.leave', brane_id: brane.id }),
  'system.ping': ({ client }) => client.send({ type: 'system.ping' }),
};

function undo(client: TestClient, { id }: TestBrane, type: 'brane.undo' | 'brane.redo'): void {
  client.send({ type, brane_id: id, op_id: world.opId(), client_seq: client.nextClientSeq(id) });
}

it.each(Object.keys(FRAMES))('says rightly what %s is answered to each role (AUTHZ-5)', async (type) => {
  const answers: Record<string, string> = {};
  for (const role of table.roles) {
    const asking = await as(role);
    if (type !== 'brane.join') await world.join(asking.client, asking.brane.id);
    const before = asking.client.errors().length;
    FRAMES[type]?.(asking);
    await world.settle();
    answers[role] = asking.client.errors().slice(before).join(' ') || 'done';
  }
  const action = FRAME_ACTIONS[type as keyof typeof FRAME_ACTIONS];
  const row = { id: type, does: action ?? 'session', scope: action ? SCOPE_OF[action] : 'any', answers };
  const written = table.rows.find(({ id }) => id === type);
  expect(formatRightsRow(row)).toBe(formatRightsRow(written ?? { ...row, answers: {} }));
});

it('has a row for every frame that asks for something in a brane (AUTHZ-5)', () => {
  const notYet = ['brane.interest', 'action.invoke'];
  const ofBranes = Object.entries(FRAME_ACTIONS).filter(([type, action]) => action && !notYet.includes(type));
  expect(Object.keys(FRAMES)).toEqual(expect.arrayContaining(ofBranes.map(([type]) => type)));
  expect(table.rows.map(({ id }) => id).sort()).toEqual(Object.keys(FRAMES).sort());
});

it('tells a stranger the same of a brane that is hidden, of a deleted one, and of none (AUTHZ-2, L7)', async () => {
  const { client, brane } = await as('stranger');
  const deleted = await world.brane(node, { visibility: 'link' });
  await world.administer(node, deleted, [{ op: 'set_status', status: 'deleted' } as never]);
  for (const id of [brane.id, deleted.id, world.objectId() as never]) await world.join(client, id);
  const told = client.all('system.error').map(({ code, message, details }) => ({
    code,
    message,
    details: Object.keys(details ?? {}),
  }));
  expect(told).toHaveLength(3);
  expect(told[1]).toEqual(told[0]);
  expect(told[2]).toEqual(told[0]);
});

it('uses up the number of an edit that was refused for its scope (I3, AUTHZ-4)', async () => {
  const { client, brane } = await as('read key');
  await world.join(client, brane.id);
  for (let n = 0; n < 2; n += 1) {
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
  }
  expect(client.errors()).toEqual(['permission.scope_missing', 'permission.scope_missing']);
  expect(() => assertMayFrame({ user_id: brane.owner, kind: 'service' }, 'brane.edit')).not.toThrow();
});
