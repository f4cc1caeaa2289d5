import { startOperation } from '@state-server/commit';
import { asBraneId, asOpId } from '@state-server/domain';
import { realEnvironment as environment } from '@state-server/platform';
import { companySamples, type Harbour, makeHarbour } from './companies.spec-support';
import {
  type Caller,
  makeBrane,
  makeGroup,
  makeInstance,
  makePrototype,
  type TestGateway,
  textOf,
} from './gateway.spec-support';
import { guestSamples, makeVisit, type Visit } from './guests.spec-support';

/** What the samples are about. */
export interface Things {
  readonly leaver: Caller;
  readonly brane: string;
  readonly street: string;
  readonly house: string;
  readonly portal: string;
  readonly annex: string;
  readonly operation: string;
  readonly workshop: string;
  readonly lamp: string;
  readonly lampHere: string;
  readonly visit: Visit;
  readonly service: string;
  readonly serviceKey: string;
  readonly harbour: Harbour;
}

export interface People {
  /** An administrator. */
  readonly ada: Caller;
  readonly bob: Caller;
}

/** Makes anew what the samples are about. */
export async function settle(gateway: TestGateway, { ada, bob }: People): Promise<Things> {
  const leaver = await gateway.user('Lea');
  const brane = await makeBrane(ada);
  const street = await makeGroup(ada, brane, { name: 'street' });
  const house = await makeGroup(ada, brane, { name: 'house' });
  const workshop = await makeBrane(ada);
  const lamp = await makePrototype(ada);
  const annex = await makeGroup(ada, brane, { name: 'annex' });
  const portal = await makeGroup(ada, brane, { link: await makeBrane(ada) });
  const lampHere = await makeInstance(ada, lamp, workshop);
  await ada.ask('PUT', `/brane/${brane}/members/${bob.id}`, { body: { role: 'editor' } });
  const visit = await makeVisit(gateway, ada, brane);
  const services = '/users/me/service-accounts';
  const made = await ada.ask('POST', services, { body: { name: 'robot' }, key: uuid() });
  const service = textOf(made, 'id');
  const asked = { body: { scopes: ['brane:read'], expires_in_days: 1 }, key: uuid() };
  const serviceKey = textOf(await ada.ask('POST', `${services}/${service}/keys`, asked), 'id');
  const started = await startOperation(
    { store: gateway.store, environment },
    { kind: 'spec', brane_id: asBraneId(brane), user_id: ada.id, op_id: asOpId(uuid()), input: {} },
  );
  const operation = started.operation.id;
  const harbour = await makeHarbour(gateway, ada);
  return {
    ...{ leaver, brane, street, house, portal, annex, operation, workshop, lamp, lampHere },
    ...{ visit, service, serviceKey, harbour },
  };
}

export interface Sample {
  readonly path?: Readonly<Record<string, () => string>>;
  readonly query?: string | (() => string);
  readonly body?: () => unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without it ada, who is an administrator. */
  readonly by?: () => Caller;
}

const uuid = (): string => crypto.randomUUID();

/** One good request for each route that stands here, in an order in which they can follow each other. */
export function routeSamples(things: () => Things, people: () => People): Readonly<Record<string, Sample>> {
  const inBrane = { id: () => things().brane };
  const member = { id: () => things().brane, user_id: () => people().bob.id };
  const pin = { id: () => people().ada.id, prototype_id: () => things().lamp };
  const inService = { id: () => 'me', account_id: () => things().service };
  const onHouse = { id: () => things().house };
  const onLamp = { id: () => things().lamp };
  const edit = (): unknown => ({
    op_id: uuid(),
    ops: [{ op: 'update', id: things().house, set: { '/name': 'cottage' } }],
  });

  return {
    'users.me': {},
    'users.update_me': { body: () => ({ name: 'Ada L' }) },
    'users.get': { path: { id: () => people().ada.id } },
    'users.update': { path: { id: () => 'me' }, body: () => ({ locale: 'en' }) },
    'users.put_inventory': { path: pin, body: () => ({}) },
    'users.inventory': { path: { id: () => 'me' } },
    'users.delete_inventory': { path: pin },
    'admin.audit': {},
    'brane.audit': { path: { id: () => things().brane } },
    'users.audit': { path: { id: () => 'me' } },
    'service.create': { path: { id: () => 'me' }, body: () => ({ name: 'crane' }) },
    'service.list': { path: { id: () => 'me' } },
    'service.get': { path: inService },
    'service.create_key': {
      path: inService,
      body: () => ({ scopes: ['brane:read'], expires_in_days: 30 }),
    },
    'service.keys': { path: inService },
    'service.get_key': { path: { ...inService, key_id: () => things().serviceKey } },
    'service.revoke_key': { path: { ...inService, key_id: () => things().serviceKey } },
    'service.delete': { path: inService },
    'admin.sessions': { path: { id: () => people().bob.id } },
    'admin.end_sessions': { path: { id: () => people().bob.id } },
    'admin.suspend': { path: { id: () => people().bob.id }, body: () => ({ reason: 'spam' }) },
    'admin.unsuspend': { path: { id: () => people().bob.id } },
    'admin.put_roles': { path: { id: () => people().bob.id }, body: () => ({ roles: ['user'] }) },
    'brane.create': { body: () => ({ name: 'b', visibility: 'link' }) },
    'brane.list': { query: '?limit=10' },
    'brane.get': { path: inBrane },
    'brane.update': { path: inBrane, body: () => ({ visibility: 'link' }) },
    'brane.snapshot': { path: inBrane },
    'brane.history': { path: inBrane, query: '?after=0&limit=5' },
    'brane.edit': { path: inBrane, body: edit },
    'brane.undo': { path: inBrane, body: () => ({ op_id: uuid() }) },
    'brane.redo': { path: inBrane, body: () => ({ op_id: uuid() }) },
    'brane.restore': { path: inBrane, body: () => ({ seq: 6 }) },
    'brane.fork': { path: inBrane, body: () => ({ name: 'copy' }) },
    'operations.list': { path: inBrane },
    'operations.get': { path: { id: () => things().brane, operation_id: () => things().operation } },
    'members.list': { path: inBrane },
    'members.get': { path: member },
    'members.put': { path: member, body: () => ({ role: 'viewer' }) },
    'members.delete': { path: member },
    ...guestSamples(inBrane.id, () => things().visit),
    ...companySamples(() => things().harbour, people),
    'object.create': {
      body: () => ({ brane_id: things().brane, parent_id: things().street, kind: 'block' }),
    },
    'object.get': { path: onHouse },
    'object.children': { path: { id: () => things().street } },
    'object.update': { path: onHouse, body: () => ({ set: { '/properties/colour': 'red' } }) },
    'object.gallery': { path: onHouse },
    'object.put_gallery': { path: onHouse, body: () => ({}) },
    'object.remove_gallery': { path: onHouse },
    'object.link': { path: { id: () => things().portal } },
    'object.move': { path: onHouse, body: () => ({ parent_id: things().street }) },
    'object.promote': { path: { id: () => things().annex } },
    'object.demote': { path: { id: () => things().portal } },
    'object.action': { path: { id: () => things().house, action: () => 'open' }, body: () => ({}) },
    'prototype.create': { body: () => ({ name: 'chair', tags: ['seat'], is_public: true }) },
    'prototype.publish': {
      path: onLamp,
      body: () => ({ nodes: [{ key: 'root', kind: 'group' }], notes: 'n' }),
    },
    'prototype.list': { query: '?q=lamp&limit=10' },
    'prototype.get': { path: onLamp },
    'prototype.update': { path: onLamp, body: () => ({ description: 'shines' }) },
    'prototype.versions': { path: onLamp, query: '?limit=1' },
    'prototype.version': { path: { ...onLamp, version: () => '1' } },
    'prototype.instantiate': {
      path: onLamp,
      body: () => ({ brane_id: things().workshop, parent_id: things().workshop }),
    },
    'object.upgrade': { path: { id: () => things().lampHere }, body: () => ({}) },
    'brane.upgrade': { path: { id: () => things().workshop }, body: () => ({ prototype_id: things().lamp }) },
    'prototype.delete': { path: onLamp },
    'entity.get': { path: onHouse },
    'entity.batch': { body: () => ({ ids: [things().house] }) },
    'entity.space': { query: () => `?brane_id=${things().brane}&min=0,0,0&max=1,1,1` },
    'analytics.popular': {},
    'websocket.ticket': {},
    'websocket.sessions': {},
    'health.live': {},
    'health.ready': {},
    'health.startup': {},
    'object.delete': { path: onHouse },
    'brane.delete': { path: inBrane },
    'brane.undelete': { path: inBrane },
    'users.delete': { path: { id: () => 'me' }, by: () => things().leaver, headers: { 'if-match': '"1"' } },
  };
}
