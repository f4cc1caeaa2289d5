import {
  type Answer,
  type Ask,
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
let root: Caller;

beforeAll(async () => {
  gateway = await startTestGateway();
  [ada, bob, root] = [await gateway.user('Ada'), await gateway.user('Bob'), await gateway.user('Root')];
  await gateway.store.transact({ label: 'spec' }, async (tx) => {
    const user = await tx.get('users', [root.id]);
    if (user) tx.put('users', { ...user, roles: ['user', 'admin'] });
  });
});
afterAll(() => gateway.close());

const uuid = (): string => crypto.randomUUID();
const said = (answer: Answer): [number, unknown] => [answer.status, codeOf(answer)];
const write = (by: Caller, method: string, path: string, body?: unknown, ask: Ask = {}): Promise<Answer> =>
  by.ask(method, path, { ...(body === undefined ? {} : { body }), key: uuid(), ...ask });
const etagOf = async (who: Caller): Promise<string> =>
  (await who.ask('GET', '/users/me')).headers.get('etag') ?? '';

describe('a profile (USER-1, USER-2)', () => {
  it('is changed field by field, in CBOR and JSON, at the version that was seen', async () => {
    const eve = await gateway.user('Eve');
    const body = { avatar: 'https://x.test/e.png', locale: 'de-at', settings: { theme: 'dark' } };
    const first = await write(eve, 'PATCH', '/users/me', body, {
      as: 'cbor',
      headers: { 'if-match': '"1"' },
    });
    expect(first.body).toMatchObject({
      name: 'Eve',
      locale: 'de-AT',
      settings: { theme: 'dark' },
      version: 2,
    });
    const second = await write(eve, 'PATCH', `/users/${eve.id}`, { avatar: null, settings: { zoom: 2 } });
    expect(second.body).toMatchObject({ settings: { theme: 'dark', zoom: 2 }, version: 3 });
    expect(fieldOf(second.body, 'avatar')).toBeUndefined();
    expect(second.headers.get('etag')).toBe('"3"');
    const stale = await write(eve, 'PATCH', '/users/me', { name: 'E' }, { headers: { 'if-match': '"2"' } });
    expect(said(stale)).toEqual([412, 'precondition.failed']);
    for (const path of ['/users/me', `/users/${eve.id}`]) {
      expect((await eve.ask('GET', path)).body).toEqual(second.body);
    }
  });

  it('shows others id, name and avatar, an administrator all of it, and is changed by nobody else', async () => {
    const eve = await gateway.user('Eve');
    await write(eve, 'PATCH', '/users/me', { avatar: 'https://x.test/e.png', locale: 'de' });
    expect((await bob.ask('GET', `/users/${eve.id}`)).body).toEqual({
      id: eve.id,
      name: 'Eve',
      avatar: 'https://x.test/e.png',
    });
    expect((await root.ask('GET', `/users/${eve.id}`)).body).toMatchObject({ locale: 'de', roles: ['user'] });
    expect((await bob.ask('GET', `/entity/${eve.id}`)).body).toMatchObject({ user: { name: 'Eve' } });
    for (const by of [bob, root]) {
      expect(said(await write(by, 'PATCH', `/users/${eve.id}`, { name: 'X' }))).toEqual([
        403,
        'permission.denied',
      ]);
    }
  });

  it.each<[unknown, number, string]>([
    [{}, 400, 'body.invalid'],
    [{ name: '' }, 400, 'body.invalid'],
    [{ name: null }, 400, 'body.invalid'],
    [{ name: 1 }, 400, 'body.invalid'],
    [{ roles: ['admin'] }, 400, 'body.invalid'],
    [{ email: 'x@y.z' }, 400, 'body.invalid'],
    [{ settings: [] }, 400, 'body.invalid'],
    [{ name: ' ' }, 422, 'field.invalid'],
    [{ name: 'x'.repeat(101) }, 422, 'field.too_large'],
    [{ avatar: 'http://x.test' }, 422, 'field.invalid'],
    [{ locale: 'no_locale' }, 422, 'field.invalid'],
    [{ settings: { long: 'x'.repeat(17_000) } }, 422, 'field.too_large'],
  ])('refuses %j', async (body, status, code) => {
    const { version } = (await ada.ask('GET', '/users/me')).body as { version: number };
    expect(said(await write(ada, 'PATCH', '/users/me', body))).toEqual([status, code]);
    expect((await ada.ask('GET', '/users/me')).body).toMatchObject({ version });
  });
});

describe('an inventory (USER-6)', () => {
  const item = `/users/me/inventory/${uuid()}`;

  it('is pinned to and taken from once, whatever is sent twice', async () => {
    const prototype = textOf(await write(bob, 'POST', '/prototype', { name: 'lamp', is_public: true }), 'id');
    const path = `/users/${ada.id}/inventory/${prototype}`;
    const key = uuid();
    const from = { user_id: bob.id };
    const pinned = await write(ada, 'PUT', path, { source: 'gift', from }, { key });
    expect(pinned.body).toMatchObject({ prototype_id: prototype, source: 'gift', from });
    const again = await write(ada, 'PUT', path, { source: 'gift', from }, { key, as: 'cbor' });
    expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([pinned.body, 'true']);
    expect(said(await write(ada, 'PUT', path, {}, { key }))).toEqual([422, 'idempotency.key_reused']);
    expect((await ada.ask('GET', '/users/me/inventory')).body).toEqual({
      items: [pinned.body],
      next_cursor: null,
    });
    expect(said(await write(ada, 'DELETE', path))).toEqual([204, undefined]);
    expect(said(await write(ada, 'DELETE', path))).toEqual([404, 'inventory.not_found']);
  });

  it.each<[string, string, unknown, number, string]>([
    ['PUT', item, { source: 'owned' }, 400, 'body.invalid'],
    ['PUT', item, { source: 1 }, 400, 'body.invalid'],
    ['PUT', item, { from: {} }, 400, 'body.invalid'],
    ['PUT', item, { from: { brane_id: 'x' } }, 400, 'body.invalid'],
    ['PUT', item, { colour: 'red' }, 400, 'body.invalid'],
    ['PUT', '/users/me/inventory/x', {}, 400, 'query.invalid'],
    ['PUT', `/users/you/inventory/${uuid()}`, {}, 400, 'query.invalid'],
    ['PUT', `/users/${uuid()}/inventory/${uuid()}`, {}, 404, 'user.not_found'],
    ['PUT', item, {}, 404, 'prototype.not_found'],
    ['DELETE', item, undefined, 404, 'inventory.not_found'],
    ['DELETE', `/users/${uuid()}/inventory/${uuid()}`, undefined, 404, 'user.not_found'],
    ['GET', '/users/me/inventory?limit=201', undefined, 400, 'query.invalid'],
    ['GET', '/users/me/inventory?source=gift', undefined, 400, 'query.invalid'],
    ['GET', '/users/me/inventory?cursor=x', undefined, 400, 'cursor.invalid'],
  ])('%s %s %j is refused', async (method, path, body, status, code) => {
    expect(said(await write(ada, method, path, body))).toEqual([status, code]);
  });

  it('is for its owner alone, and asks for a key', async () => {
    for (const [method, path] of [
      ['GET', `/users/${ada.id}/inventory`],
      ['PUT', `/users/${ada.id}/inventory/${uuid()}`],
      ['DELETE', `/users/${ada.id}/inventory/${uuid()}`],
    ] as const) {
      expect(said(await write(bob, method, path, method === 'PUT' ? {} : undefined))).toEqual([
        403,
        'permission.denied',
      ]);
    }
    expect(said(await ada.ask('PUT', item, { body: {} }))).toEqual([400, 'idempotency.key_required']);
  });
});

describe('what administrators do (USER-3, USER-4)', () => {
  it('is refused to everybody else, and of nobody', async () => {
    const [suspension, roles] = [`/admin/users/${ada.id}/suspension`, `/admin/users/${ada.id}/roles`];
    for (const by of [ada, bob]) {
      expect(said(await write(by, 'POST', suspension, { reason: 'x' }))).toEqual([403, 'permission.denied']);
      expect(said(await write(by, 'DELETE', suspension))).toEqual([403, 'permission.denied']);
      expect(said(await write(by, 'PUT', roles, { roles: ['user', 'admin'] }))).toEqual([
        403,
        'permission.denied',
      ]);
    }
    const nobody = `/admin/users/${uuid()}`;
    expect(said(await write(root, 'POST', `${nobody}/suspension`, { reason: 'x' }))).toEqual([
      404,
      'user.not_found',
    ]);
    expect(said(await write(root, 'DELETE', `${nobody}/suspension`))).toEqual([404, 'user.not_found']);
    expect(said(await write(root, 'PUT', `${nobody}/roles`, { roles: ['user'] }))).toEqual([
      404,
      'user.not_found',
    ]);
  });

  it.each<[string, string, unknown, number, string]>([
    ['POST', 'suspension', {}, 400, 'body.invalid'],
    ['POST', 'suspension', { reason: '' }, 400, 'body.invalid'],
    ['POST', 'suspension', { reason: 'x', until: 'tomorrow' }, 400, 'body.invalid'],
    ['POST', 'suspension', { reason: 'x', until: '2020-01-01T00:00:00Z' }, 422, 'field.invalid'],
    ['POST', 'suspension', { reason: 'x', days: 3 }, 400, 'body.invalid'],
    ['PUT', 'roles', { roles: [] }, 400, 'body.invalid'],
    ['PUT', 'roles', { roles: ['admin'] }, 400, 'body.invalid'],
    ['PUT', 'roles', { roles: ['user', 'user'] }, 400, 'body.invalid'],
    ['PUT', 'roles', { roles: ['user', 'king'] }, 400, 'body.invalid'],
  ])('%s %s %j is refused', async (method, what, body, status, code) => {
    expect(said(await write(root, method, `/admin/users/${bob.id}/${what}`, body))).toEqual([status, code]);
  });

  it('takes effect at once: roles, suspension, and its end', async () => {
    const eve = await gateway.user('Eve');
    const path = `/admin/users/${eve.id}`;
    expect((await write(root, 'PUT', `${path}/roles`, { roles: ['user', 'admin'] })).status).toBe(200);
    expect((await eve.ask('GET', `/users/${bob.id}`)).body).toHaveProperty('roles');
    expect((await write(root, 'PUT', `${path}/roles`, { roles: ['user'] })).status).toBe(200);
    expect((await eve.ask('GET', `/users/${bob.id}`)).body).not.toHaveProperty('roles');
    const key = uuid();
    const suspended = await write(root, 'POST', `${path}/suspension`, { reason: 'spam' }, { key });
    expect(suspended.body).toMatchObject({ suspension: { reason: 'spam', by: root.id } });
    const again = await write(root, 'POST', `${path}/suspension`, { reason: 'spam' }, { key });
    expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([suspended.body, 'true']);
    // What others see of him does not change.
    expect((await bob.ask('GET', `/users/${eve.id}`)).body).toEqual({ id: eve.id, name: 'Eve' });
    expect(said(await write(root, 'DELETE', `${path}/suspension`))).toEqual([204, undefined]);
    expect((await root.ask('GET', `/users/${eve.id}`)).body).not.toHaveProperty('suspension');
  });
});

describe('the deletion of a user (USER-7)', () => {
  it('asks for the version that was seen, answers where it goes on, and leaves a name that is none', async () => {
    const eve = await gateway.user('Eve');
    const brane = await makeBrane(eve, { visibility: 'public', name: 'Left behind' });
    await eve.ask('PUT', `/brane/${brane}/members/${bob.id}`, { body: { role: 'editor' } });
    expect(said(await write(eve, 'DELETE', '/users/me'))).toEqual([428, 'precondition.required']);
    const match = (tag: string): Ask => ({ headers: { 'if-match': tag } });
    expect(said(await write(eve, 'DELETE', '/users/me', undefined, match('*')))).toEqual([
      428,
      'precondition.required',
    ]);
    expect(said(await write(eve, 'DELETE', '/users/me', undefined, match('"7"')))).toEqual([
      412,
      'precondition.failed',
    ]);
    for (const by of [bob, root]) {
      expect(said(await write(by, 'DELETE', `/users/${eve.id}`, undefined, match('"1"')))).toEqual([
        403,
        'permission.denied',
      ]);
    }
    const ask = { key: uuid(), ...match(await etagOf(eve)) };
    const [first, twin] = await Promise.all([
      write(eve, 'DELETE', `/users/${eve.id}`, undefined, ask),
      write(eve, 'DELETE', `/users/${eve.id}`, undefined, ask),
    ]);
    expect([first.status, twin.status, twin.body]).toEqual([202, 202, first.body]);
    expect(first.body).toMatchObject({ kind: 'user.delete', state: 'running', user_id: eve.id });
    expect(textOf({ ...first, body: Object.fromEntries(first.headers) }, 'location')).toBe(
      `/users/${eve.id}`,
    );
    for (const by of [bob, ada]) {
      expect((await by.ask('GET', `/users/${eve.id}`)).body).toEqual({
        id: eve.id,
        name: null,
        deleted: true,
      });
      expect((await by.ask('GET', `/entity/${eve.id}`)).body).toEqual({
        kind: 'user',
        user: { id: eve.id, name: null, deleted: true },
      });
    }
    expect((await bob.ask('GET', `/brane/${brane}`)).body).toMatchObject({ created_by: eve.id });
    expect(said(await write(eve, 'POST', '/prototype', { name: 'x' }))).toEqual([404, 'user.not_found']);
    // Nothing becomes his any more, though his token would still be good for this process.
    expect(said(await eve.ask('POST', '/brane', { body: { name: 'x' } }))).toEqual([404, 'user.not_found']);
    expect(said(await write(eve, 'PATCH', '/users/me', { name: 'x' }))).toEqual([404, 'user.not_found']);
    expect(said(await write(eve, 'PUT', `/users/me/inventory/${uuid()}`, {}))).toEqual([
      404,
      'user.not_found',
    ]);
    const invite = await ada.ask('PUT', `/brane/${await makeBrane(ada)}/members/${eve.id}`, {
      body: { role: 'viewer' },
    });
    expect(said(invite)).toEqual([404, 'user.not_found']);
    expect(said(await write(root, 'POST', `/admin/users/${eve.id}/suspension`, { reason: 'x' }))).toEqual([
      404,
      'user.not_found',
    ]);
  });
});
