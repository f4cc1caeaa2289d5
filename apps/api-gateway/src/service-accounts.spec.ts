import { dump, until } from '@state-server/testing';
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
let ada: Caller;
let bob: Caller;
const revoked = new Set<string>();

beforeAll(async () => {
  gateway = await startTestGateway({
    env: { SERVICE_KEY_MAX_DAYS: '90' },
    revocations: {
      isRevoked: ({ session_id, user_id }) => revoked.has(session_id) || revoked.has(user_id),
      onRevoked: () => () => undefined,
      staleMs: () => 0,
    },
    announce: ({ value }) => void revoked.add(value),
  });
  [ada, bob] = [await gateway.user('Ada'), await gateway.user('Bob')];
});
afterAll(() => gateway.close());
beforeEach(() => {
  revoked.clear();
});

const fresh = (): string => crypto.randomUUID();
const home = '/users/me/service-accounts';

async function makeAccount(by: Caller, name = 'crane'): Promise<string> {
  return textOf(await by.ask('POST', home, { body: { name }, key: fresh() }), 'id');
}

function askKey(by: Caller, account: string, body = {}, key = fresh()): Promise<Answer> {
  const wanted = { scopes: ['brane:read', 'brane:write'], expires_in_days: 30, ...body };
  return by.ask('POST', `${home}/${account}/keys`, { body: wanted, key });
}

function withKey(key: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}` };
  return gateway.nobody.ask(method, path, { headers, key: fresh(), ...(body === undefined ? {} : { body }) });
}

describe('a service account', () => {
  it('is made by a user, and seen, used and deleted by him alone (SVC-1)', async () => {
    const account = await makeAccount(ada);
    const path = `${home}/${account}`;
    expect((await ada.ask('GET', path)).body).toMatchObject({
      id: account,
      name: 'crane',
      owner: { kind: 'user', id: ada.id },
    });
    expect(fieldOf((await ada.ask('GET', home)).body, 'items')).toHaveLength(1);
    expect(fieldOf((await bob.ask('GET', home)).body, 'items')).toEqual([]);
    for (const [method, end] of [
      ['GET', ''],
      ['GET', '/keys'],
      ['DELETE', ''],
    ] as const) {
      expect(codeOf(await bob.ask(method, path + end, { key: fresh() }))).toBe('service.not_found');
    }
    expect(codeOf(await askKey(bob, account))).toBe('service.not_found');
    expect(codeOf(await bob.ask('GET', `/users/${ada.id}/service-accounts`))).toBe('permission.denied');
    expect((await ada.ask('DELETE', path, { key: fresh() })).status).toBe(204);
    expect(codeOf(await ada.ask('GET', path))).toBe('service.not_found');
  });

  it('is one of twenty at most (SVC-1)', async () => {
    const cleo = await gateway.user('Cleo');
    const made = await Promise.all(
      Array.from({ length: 25 }, () => cleo.ask('POST', home, { body: { name: 'n' }, key: fresh() })),
    );
    expect(made.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(new Set(made.filter(({ status }) => status !== 201).map(codeOf))).toEqual(
      new Set(['service.too_many']),
    );
  });

  it('gets a key that is shown once and stored nowhere, not in a repeated answer either (SVC-2)', async () => {
    const account = await makeAccount(ada);
    const once = fresh();
    const made = await askKey(ada, account, { name: 'nightly' }, once);
    expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store']);
    const key = textOf(made, 'key');
    const again = await askKey(ada, account, { name: 'nightly' }, once);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).not.toHaveProperty('key');
    expect(fieldOf(again.body, 'id')).toBe(fieldOf(made.body, 'id'));
    expect(JSON.stringify(await dump(gateway.store))).not.toContain(key.slice(37, 80));
    const listed = await ada.ask('GET', `${home}/${account}/keys`);
    expect(JSON.stringify(listed.body)).not.toContain(key.slice(37, 80));
    expect(fieldOf(listed.body, 'items')).toMatchObject([{ name: 'nightly', prefix: key.slice(0, 36) }]);
  });

  it('gets no key without scopes, without an end, or one that lives longer than the installation says (SVC-2)', async () => {
    const account = await makeAccount(ada);
    expect(codeOf(await askKey(ada, account, { scopes: [] }))).toBe('body.invalid');
    expect(codeOf(await askKey(ada, account, { scopes: ['everything'] }))).toBe('body.invalid');
    expect(codeOf(await askKey(ada, account, { expires_in_days: undefined }))).toBe('body.invalid');
    expect(codeOf(await askKey(ada, account, { expires_in_days: 91 }))).toBe('field.invalid');
    for (let count = 0; count < 10; count += 1) expect((await askKey(ada, account)).status).toBe(201);
    expect(codeOf(await askKey(ada, account))).toBe('service.too_many_keys');
  });

  it('edits as a member of a brane, under its own name (SVC-3)', async () => {
    const account = await makeAccount(ada);
    const key = textOf(await askKey(ada, account), 'key');
    const brane = await makeBrane(ada);
    expect(codeOf(await withKey(key, 'GET', `/brane/${brane}`))).toBe('brane.not_found');
    await ada.ask('PUT', `/brane/${brane}/members/${account}`, { body: { role: 'editor' } });
    expect((await withKey(key, 'GET', `/brane/${brane}`)).status).toBe(200);
    const made = await withKey(key, 'POST', '/object', { brane_id: brane, parent_id: brane, kind: 'group' });
    expect(made.body).toMatchObject({ created_by: account });
    await until(async () => {
      const { body } = await ada.ask('GET', `${home}/${account}/keys`);
      const items = fieldOf(body, 'items');
      return Array.isArray(items) && fieldOf(items[0], 'last_address') === '127.0.0.1';
    });
  });

  it('cannot make accounts or keys, whatever its scopes say (SVC-6)', async () => {
    const account = await makeAccount(ada);
    const key = textOf(await askKey(ada, account, { scopes: ['user:read', 'user:write'] }), 'key');
    expect(codeOf(await withKey(key, 'POST', home, { name: 'more' }))).toBe('permission.scope_missing');
    const wanted = { scopes: ['brane:read'], expires_in_days: 1 };
    for (const owner of [account, ada.id, 'me']) {
      const path = `/users/${owner}/service-accounts/${account}/keys`;
      expect(codeOf(await withKey(key, 'POST', path, wanted))).toBe('permission.scope_missing');
    }
    expect((await withKey(key, 'GET', '/admin/audit')).status).toBe(403);
  });

  it('is out when its key is revoked, and the next key serves meanwhile (SVC-4)', async () => {
    const account = await makeAccount(ada);
    const [old, next] = [await askKey(ada, account), await askKey(ada, account)];
    const me = (made: Answer) => withKey(textOf(made, 'key'), 'GET', '/brane');
    expect([(await me(old)).status, (await me(next)).status]).toEqual([200, 200]);
    const path = `${home}/${account}/keys/${textOf(old, 'id')}`;
    expect((await ada.ask('DELETE', path, { key: fresh() })).status).toBe(204);
    expect([(await me(old)).status, (await me(next)).status]).toEqual([401, 200]);
    expect(codeOf(await ada.ask('DELETE', path, { key: fresh() }))).toBe('service.key_not_found');
    expect((await ada.ask('DELETE', `${home}/${account}`, { key: fresh() })).status).toBe(204);
    expect((await me(next)).status).toBe(401);
  });

  it('is out when its owner deletes himself (SVC-4)', async () => {
    const dora = await gateway.user('Dora');
    const key = textOf(await askKey(dora, await makeAccount(dora)), 'key');
    expect((await withKey(key, 'GET', '/brane')).status).toBe(200);
    const { headers } = await dora.ask('GET', '/users/me');
    const gone = await dora.ask('DELETE', '/users/me', {
      key: fresh(),
      headers: { 'if-match': headers.get('etag') ?? '' },
    });
    expect(gone.status).toBe(202);
    expect((await withKey(key, 'GET', '/brane')).status).toBe(401);
  });
});
