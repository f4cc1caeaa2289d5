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
let owner: Caller;
let viewer: Caller;
let stranger: Caller;

beforeAll(async () => {
  gateway = await startTestGateway();
  [owner, viewer, stranger] = [
    await gateway.user('Olga'),
    await gateway.user('Vi'),
    await gateway.user('Sam'),
  ];
});
afterAll(() => gateway.close());

const said = (answer: Answer): [number, unknown] => [answer.status, codeOf(answer)];
const patch = (id: string, body: unknown, by: Caller = owner): Promise<Answer> =>
  by.ask('PATCH', `/brane/${id}`, { body });
const share = (id: string, role: string, whom: Caller = viewer): Promise<Answer> =>
  owner.ask('PUT', `/brane/${id}/members/${whom.id}`, { body: { role } });
const itemsOf = ({ body }: Answer): Record<string, unknown>[] => fieldOf(body, 'items') as never;
const names = (answer: Answer): unknown[] => itemsOf(answer).map(({ name }) => name);
const rename = (id: string, by: Caller): Promise<Answer> =>
  by.ask('POST', `/brane/${id}/edit`, {
    body: { op_id: crypto.randomUUID(), ops: [{ op: 'update', id, set: { '/name': 'x' } }] },
  });

describe('the settings of a brane (BRANE-4)', () => {
  it('are given at its creation, changed one by one, and shown to whoever sees it', async () => {
    const id = await makeBrane(owner, {
      visibility: 'link',
      settings: { description: 'a town', tags: ['sea'] },
    });
    const changed = await patch(id, { settings: { description: null, history_days: 0 } });
    expect(changed.body).toMatchObject({ settings: { tags: ['sea'], history_days: 0 }, version: 2 });
    expect((await stranger.ask('GET', `/brane/${id}`)).body).toMatchObject({
      settings: { tags: ['sea'], history_days: 0 },
      role: 'guest',
    });
    const history = await owner.ask('GET', `/brane/${id}/history`);
    expect(itemsOf(history).at(-1)).toMatchObject({
      ops: [{ op: 'set_brane', settings: { tags: ['sea'], history_days: 0 } }],
    });
  });

  it.each<[unknown, number, string]>([
    [{ settings: { colour: 'red' } }, 400, 'body.invalid'],
    [{ settings: { tags: 'sea' } }, 400, 'body.invalid'],
    [{ settings: 1 }, 400, 'body.invalid'],
    [{ archived: 'yes' }, 400, 'body.invalid'],
    [{ archived_at: null }, 400, 'body.invalid'],
    [{ status: 'deleted' }, 400, 'body.invalid'],
    [{}, 400, 'body.invalid'],
    [{ settings: { description: 'x'.repeat(2_001) } }, 422, 'field.too_large'],
    [{ settings: { tags: ['a', 'a'] } }, 422, 'field.invalid'],
    [{ settings: { thumbnail: 'javascript:alert(1)' } }, 422, 'field.invalid'],
    [{ settings: { history_days: -1 } }, 422, 'field.invalid'],
    [{ name: 'x'.repeat(201) }, 422, 'field.too_large'],
    [{ visibility: 'secret' }, 400, 'body.invalid'],
  ])('are refused where they do not fit: %j', async (body, status, code) => {
    const id = await makeBrane(owner);
    expect(said(await patch(id, body))).toEqual([status, code]);
    const fresh = { name: 'x', ...(body as object) };
    if ('settings' in fresh)
      expect(said(await owner.ask('POST', '/brane', { body: fresh }))).toEqual([status, code]);
    expect(fieldOf((await owner.ask('GET', `/brane/${id}`)).body, 'version')).toBe(1);
  });
});

describe('an archived brane (BRANE-5)', () => {
  it('is read as ever and edited by nobody, until its owner takes it out', async () => {
    const id = await makeBrane(owner);
    await share(id, 'editor');
    const archived = await patch(id, { archived: true });
    expect(textOf(archived, 'archived_at')).toMatch(/^\d{4}-/);
    for (const by of [owner, viewer]) expect(said(await rename(id, by))).toEqual([423, 'brane.archived']);
    const body = { brane_id: id, parent_id: id, kind: 'block' };
    const made = await owner.ask('POST', '/object', { body, key: crypto.randomUUID() });
    expect(said(made)).toEqual([423, 'brane.archived']);
    expect((await viewer.ask('GET', `/brane/${id}/snapshot`)).status).toBe(200);
    expect(said(await patch(id, { archived: false }, viewer))).toEqual([403, 'permission.denied']);
    const out = await patch(id, { archived: false });
    expect(fieldOf(out.body, 'archived_at')).toBeUndefined();
    expect((await rename(id, viewer)).status).toBe(200);
  });
});

describe('a deleted brane (BRANE-6)', () => {
  const undelete = (id: string, by: Caller = owner, ask: Ask = {}): Promise<Answer> =>
    by.ask('POST', `/brane/${id}/undelete`, ask);

  it('says so to its members, is listed for them, and comes back as it was', async () => {
    const id = await makeBrane(owner, { visibility: 'public', name: 'Atlantis' });
    await share(id, 'viewer');
    expect((await owner.ask('DELETE', `/brane/${id}`)).status).toBe(204);
    for (const path of ['', '/snapshot', '/history', '/members']) {
      expect(said(await viewer.ask('GET', `/brane/${id}${path}`))).toEqual([410, 'brane.deleted']);
      expect(said(await stranger.ask('GET', `/brane/${id}${path}`))).toEqual([404, 'brane.not_found']);
    }
    expect(said(await rename(id, owner))).toEqual([410, 'brane.deleted']);
    expect(said(await patch(id, { name: 'x' }))).toEqual([410, 'brane.deleted']);
    const listed = await owner.ask('GET', '/brane?status=deleted&q=atlantis');
    expect(itemsOf(listed)).toMatchObject([{ id, status: 'deleted', role: 'owner' }]);
    expect(textOf({ ...listed, body: itemsOf(listed)[0] }, 'purge_after')).toMatch(/^\d{4}-/);
    expect(names(await stranger.ask('GET', '/brane?public=true&q=atlantis'))).toEqual([]);
    expect(said(await undelete(id, viewer))).toEqual([403, 'permission.denied']);
    expect(said(await undelete(id, stranger))).toEqual([404, 'brane.not_found']);
    const back = await undelete(id);
    expect(back.body).toMatchObject({ id, status: 'live', name: 'Atlantis' });
    expect(fieldOf(back.body, 'purge_after')).toBeUndefined();
    expect(names(await stranger.ask('GET', '/brane?public=true&q=atlantis'))).toEqual(['Atlantis']);
  });

  it('comes back once: what is not deleted, another version and a foreign key are refused', async () => {
    const id = await makeBrane(owner);
    expect(said(await undelete(id))).toEqual([422, 'op.invalid']);
    await owner.ask('DELETE', `/brane/${id}`);
    expect(said(await undelete(id, owner, { headers: { 'if-match': '"1"' } }))).toEqual([
      412,
      'precondition.failed',
    ]);
    const key = crypto.randomUUID();
    const first = await undelete(id, owner, { key, headers: { 'if-match': '"2"' } });
    const again = await undelete(id, owner, { key });
    expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([first.body, 'true']);
    expect(said(await undelete(await makeBrane(owner), owner, { key }))).toEqual([
      422,
      'idempotency.key_reused',
    ]);
  });
});

describe('the list of branes (BRANE-7)', () => {
  it('holds those of one role or status, those that a text names, and is put in order', async () => {
    const ada = await gateway.user('Ada');
    const ids = new Map<string, string>();
    for (const name of ['Crème', 'alpha', 'Beta tower']) ids.set(name, await makeBrane(ada, { name }));
    await owner.ask('PUT', `/brane/${await makeBrane(owner, { name: 'Guest house' })}/members/${ada.id}`, {
      body: { role: 'viewer' },
    });
    await patch(ids.get('alpha') ?? '', { archived: true }, ada);
    const list = async (query: string): Promise<unknown[]> => names(await ada.ask('GET', `/brane?${query}`));
    expect(await list('sort=name')).toEqual(['alpha', 'Beta tower', 'Crème', 'Guest house']);
    expect(await list('sort=newest')).toEqual(['Guest house', 'Beta tower', 'alpha', 'Crème']);
    expect(new Set(await list('sort=popularity'))).toEqual(new Set(await list('')));
    expect(await list('role=viewer')).toEqual(['Guest house']);
    expect(await list('status=archived')).toEqual(['alpha']);
    expect(await list('status=deleted')).toEqual([]);
    expect(await list('q=creme')).toEqual(['Crème']);
    expect(await list('q=tow&role=owner&sort=name')).toEqual(['Beta tower']);
    expect(await list('q=%E2%80%A6')).toEqual([]);
    const seen: unknown[] = [];
    for (let cursor = ''; ;) {
      const page = await ada.ask('GET', `/brane?sort=name&limit=1${cursor}`);
      seen.push(...names(page));
      const next = fieldOf(page.body, 'next_cursor');
      if (typeof next !== 'string') break;
      cursor = `&cursor=${next}`;
    }
    expect(seen).toEqual(['alpha', 'Beta tower', 'Crème', 'Guest house']);
  });

  it.each([
    ['sort=size', 'query.invalid'],
    ['q=', 'query.invalid'],
    [`q=${'x'.repeat(201)}`, 'query.invalid'],
    ['public=yes', 'query.invalid'],
    ['public=true&role=owner', 'query.invalid'],
    ['public=true&status=deleted', 'query.invalid'],
    ['status=purged', 'query.invalid'],
    ['role=guest', 'query.invalid'],
    ['limit=0', 'query.invalid'],
    ['limit=201', 'query.invalid'],
    ['colour=red', 'query.invalid'],
    ['cursor=nonsense', 'cursor.invalid'],
  ])('refuses ?%s', async (query, code) => {
    expect(said(await owner.ask('GET', `/brane?${query}`))).toEqual([400, code]);
  });

  it('takes a cursor in the very list that gave it alone', async () => {
    const bob = await gateway.user('Bob');
    for (const name of ['a', 'b', 'c']) await makeBrane(bob, { name });
    const next = textOf(await bob.ask('GET', '/brane?sort=name&limit=1'), 'next_cursor');
    for (const query of ['', 'sort=newest&', 'sort=name&q=a&', 'public=true&sort=name&']) {
      expect(said(await bob.ask('GET', `/brane?${query}cursor=${next}`))).toEqual([400, 'cursor.invalid']);
    }
    expect(names(await bob.ask('GET', `/brane?sort=name&cursor=${next}`))).toEqual(['b', 'c']);
  });
});

describe('the search of public branes (BRANE-8, BRANE-10)', () => {
  const search = async (query: string): Promise<unknown[]> =>
    names(await stranger.ask('GET', `/brane?public=true&${query}`));

  it('follows names, tags and visibility at once, and shows nothing that is not public', async () => {
    const id = await makeBrane(owner, {
      name: 'Quayside',
      visibility: 'public',
      settings: { tags: ['zeppelin'] },
    });
    for (const visibility of ['private', 'link'])
      await makeBrane(owner, { name: 'Quayside two', visibility });
    expect(await search('q=quay')).toEqual(['Quayside']);
    expect(await search('q=ZEPP')).toEqual(['Quayside']);
    await patch(id, { name: 'Harbourfront', settings: { tags: null } });
    expect([await search('q=quay'), await search('q=zepp')]).toEqual([[], []]);
    expect(await search('q=harbourf')).toEqual(['Harbourfront']);
    await patch(id, { visibility: 'link' });
    expect(await search('q=harbourf')).toEqual([]);
    await patch(id, { visibility: 'public', archived: true });
    expect(await search('q=harbourf')).toEqual(['Harbourfront']);
  });

  it('puts them in order, page by page', async () => {
    for (const name of ['Lido c', 'Lido a', 'Lido b']) await makeBrane(owner, { name, visibility: 'public' });
    expect(await search('q=lido')).toEqual(['Lido b', 'Lido a', 'Lido c']);
    expect(await search('q=lido&sort=name')).toEqual(['Lido a', 'Lido b', 'Lido c']);
    const first = await stranger.ask('GET', '/brane?public=true&q=lido&sort=name&limit=2');
    expect(itemsOf(first)).toMatchObject([{ role: 'guest' }, { role: 'guest' }]);
    expect(await search(`q=lido&sort=name&cursor=${textOf(first, 'next_cursor')}`)).toEqual(['Lido c']);
    expect((await search('sort=popularity')).length).toBeGreaterThanOrEqual(3);
  });
});
