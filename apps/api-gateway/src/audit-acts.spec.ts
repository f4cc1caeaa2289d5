import { dump, withRefusedAudit } from '@state-server/testing';
import {
  type Answer,
  type Caller,
  codeOf,
  fieldOf,
  makeBrane,
  startTestGateway,
  type TestGateway,
  textOf,
} from './gateway.spec-support';

let gateway: TestGateway;
let refused = false;
let root: Caller;
let ada: Caller;
let bob: Caller;
let brane: string;
let service: string;
let serviceKey: string;
const services = '/users/me/service-accounts';
const wanted = { scopes: ['brane:read'], expires_in_days: 1 };

beforeAll(async () => {
  gateway = await startTestGateway({ beneath: (store) => withRefusedAudit(store, () => refused) });
  [root, ada, bob] = [await gateway.user('Root'), await gateway.user('Ada'), await gateway.user('Bob')];
  await gateway.store.transact({ label: 'spec' }, async (tx) => {
    const user = await tx.get('users', [root.id]);
    if (user) tx.put('users', { ...user, roles: ['user', 'admin'] });
  });
  brane = await makeBrane(ada);
  service = textOf(await ada.ask('POST', services, { body: { name: 'robot' }, key: key() }), 'id');
  const made = await ada.ask('POST', `${services}/${service}/keys`, { body: wanted, key: key() });
  serviceKey = textOf(made, 'id');
});
afterAll(() => gateway.close());

interface Act {
  readonly does: () => Promise<Answer>;
  readonly by: () => Caller;
  readonly target: () => string;
  readonly brane?: true;
}

const key = (): string => crypto.randomUUID();

/** In an order in which they can follow each other. */
const ACTS: Readonly<Record<string, Act>> = {
  'brane.member_set': {
    by: () => ada,
    does: () => ada.ask('PUT', `/brane/${brane}/members/${bob.id}`, { body: { role: 'editor' } }),
    target: () => bob.id,
    brane: true,
  },
  'brane.member_removed': {
    by: () => bob,
    does: () => bob.ask('DELETE', `/brane/${brane}/members/${bob.id}`),
    target: () => bob.id,
    brane: true,
  },
  'brane.visibility_set': {
    by: () => ada,
    does: () => ada.ask('PATCH', `/brane/${brane}`, { body: { visibility: 'public' } }),
    target: () => brane,
    brane: true,
  },
  'brane.deleted': {
    by: () => ada,
    does: () => ada.ask('DELETE', `/brane/${brane}`),
    target: () => brane,
    brane: true,
  },
  'brane.restored': {
    by: () => ada,
    does: () => ada.ask('POST', `/brane/${brane}/undelete`),
    target: () => brane,
    brane: true,
  },
  'user.suspended': {
    by: () => root,
    does: () => root.ask('POST', `/admin/users/${bob.id}/suspension`, { body: { reason: 'spam' } }),
    target: () => bob.id,
  },
  'user.unsuspended': {
    by: () => root,
    does: () => root.ask('DELETE', `/admin/users/${bob.id}/suspension`),
    target: () => bob.id,
  },
  'user.roles_set': {
    by: () => root,
    does: () => root.ask('PUT', `/admin/users/${bob.id}/roles`, { body: { roles: ['user', 'admin'] } }),
    target: () => bob.id,
  },
  'service.created': {
    by: () => ada,
    does: () => ada.ask('POST', services, { body: { name: 'crane' }, key: key() }),
    target: () => '',
  },
  'service.key_created': {
    by: () => ada,
    does: () => ada.ask('POST', `${services}/${service}/keys`, { body: wanted, key: key() }),
    target: () => '',
  },
  'service.key_revoked': {
    by: () => ada,
    does: () => ada.ask('DELETE', `${services}/${service}/keys/${serviceKey}`, { key: key() }),
    target: () => serviceKey,
  },
  'service.deleted': {
    by: () => ada,
    does: () => ada.ask('DELETE', `${services}/${service}`, { key: key() }),
    target: () => service,
  },
  'user.deleted': {
    by: () => ada,
    does: () => ada.ask('DELETE', '/users/me', { key: key(), headers: { 'if-match': '"1"' } }),
    target: () => ada.id,
  },
};

/** The newest entry of an action. */
async function entryOf(action: string): Promise<unknown> {
  const { body } = await root.ask('GET', `/admin/audit?action=${action}&limit=1`);
  const items = fieldOf(body, 'items');
  return Array.isArray(items) ? items[0] : undefined;
}

describe('an act that is recorded', () => {
  it.each(Object.entries(ACTS))(
    '%s is never without its entry, nor the entry without it (AUDIT-1)',
    async (action, act) => {
      const before = await dump(gateway.store);
      refused = true;
      const failed = await act.does();
      refused = false;
      expect([failed.status, codeOf(failed)]).toEqual([500, 'internal']);
      expect(await dump(gateway.store)).toEqual(before);

      const done = await act.does();
      expect(done.status).toBeLessThan(300);
      expect(await entryOf(action)).toMatchObject({
        action,
        actor: { kind: 'user', id: act.by().id },
        target: act.target() === '' ? {} : { id: act.target() },
        ...(act.brane ? { brane_id: brane } : {}),
        address: '127.0.0.1',
        user_agent: 'node',
        request_id: done.headers.get('x-request-id'),
      });
    },
  );

  it('and is done twice under one key has one entry (AUDIT-1)', async () => {
    const town = await makeBrane(root);
    const ask = { body: { role: 'viewer' }, key: key() };
    for (let times = 0; times < 3; times += 1) {
      expect((await root.ask('PUT', `/brane/${town}/members/${bob.id}`, ask)).status).toBe(200);
    }
    const { body } = await root.ask('GET', `/brane/${town}/audit`);
    expect(fieldOf(body, 'items')).toHaveLength(1);
  });
});

describe('the audit log', () => {
  it('is changed by no route: it is only read (AUDIT-2)', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await root.ask(method, '/admin/audit', { body: {} });
      expect([method, answer.status]).toEqual([method, 405]);
    }
  });

  it('is looked through with cursors, and refuses what it does not know (AUDIT-3)', async () => {
    const all = await root.ask('GET', '/admin/audit?limit=3');
    expect(fieldOf(all.body, 'items')).toHaveLength(3);
    const next = fieldOf(all.body, 'next_cursor');
    const second = await root.ask('GET', `/admin/audit?limit=3&cursor=${String(next)}`);
    expect(second.status).toBe(200);
    const other = await root.ask('GET', `/admin/audit?limit=3&actor=${bob.id}&cursor=${String(next)}`);
    expect(codeOf(other)).toBe('cursor.invalid');
    expect(codeOf(await root.ask('GET', '/admin/audit?action=user.tickled'))).toBe('query.invalid');
    expect(codeOf(await root.ask('GET', '/admin/audit?from=yesterday'))).toBe('query.invalid');
  });
});
