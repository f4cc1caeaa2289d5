import { linkIdOf } from '@state-server/identity';
import {
  type Answer,
  type Caller,
  codeOf,
  fieldOf,
  makeBrane,
  makeGroup,
  startTestGateway,
  type TestGateway,
} from './gateway.spec-support';
import { enter, makeLink } from './guests.spec-support';

let gateway: TestGateway;
let owner: Caller;
let stranger: Caller;
let brane: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.user('Olga');
  stranger = await gateway.user('Sam');
});
afterAll(() => gateway.close());
beforeEach(async () => {
  brane = await makeBrane(owner, { visibility: 'private' });
});

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'none',
    (error: unknown) => fieldOf(error, 'code'),
  );
const key = (): string => crypto.randomUUID();
const itemsOf = (answer: Answer): Record<string, unknown>[] =>
  fieldOf(answer.body, 'items') as Record<string, unknown>[];

describe('a share link', () => {
  it('is kept as a hash, told once, listed without its token, changed and revoked by owners (GUEST-1)', async () => {
    const link = await makeLink(owner, brane, { label: 'class 3b', uses_max: 30 });
    const stored = await gateway.store.read({ label: 'spec' }, (tx) => tx.get('links', [link.id]));
    expect(JSON.stringify(stored)).not.toContain(link.token);
    expect(link.id).toBe(linkIdOf(link.token));
    const listed = await owner.ask('GET', `/brane/${brane}/links`);
    expect(itemsOf(listed)).toMatchObject([{ id: link.id, role: 'editor', label: 'class 3b', uses: 0 }]);
    expect(JSON.stringify(listed.body)).not.toContain(link.token);
    expect(JSON.stringify(listed.body)).not.toContain(stored?.hash);
    const path = `/brane/${brane}/links/${link.id}`;
    const changed = await owner.ask('PATCH', path, { body: { role: 'viewer', label: null, uses_max: 2 } });
    expect(changed.body).toMatchObject({ role: 'viewer', uses_max: 2 });
    expect(fieldOf(changed.body, 'label')).toBeUndefined();
    expect((await owner.ask('DELETE', path)).status).toBe(204);
    expect(itemsOf(await owner.ask('GET', `/brane/${brane}/links`))).toEqual([]);
    expect(codeOf(await owner.ask('DELETE', path))).toBe('link.not_found');
    expect(await refused(enter(gateway, { link: link.token }))).toBe('link.not_found');
  });

  it('is the owner’s to make and change, a moderator’s to see and revoke, and nobody else’s (GUEST-1)', async () => {
    const [moderator, editor] = [await gateway.user('Mo'), await gateway.user('Ed')];
    await owner.ask('PUT', `/brane/${brane}/members/${moderator.id}`, { body: { role: 'moderator' } });
    await owner.ask('PUT', `/brane/${brane}/members/${editor.id}`, { body: { role: 'editor' } });
    const statuses = async (by: Caller): Promise<number[]> => {
      const link = await makeLink(owner, brane);
      const path = `/brane/${brane}/links`;
      const asked = [
        await by.ask('POST', path, { body: { role: 'viewer' } }),
        await by.ask('PATCH', `${path}/${link.id}`, { body: { role: 'viewer' } }),
        await by.ask('GET', path),
        await by.ask('DELETE', `${path}/${link.id}`),
      ];
      return asked.map(({ status }) => status);
    };
    expect(await statuses(owner)).toEqual([200, 200, 200, 204]);
    expect(await statuses(moderator)).toEqual([403, 403, 200, 204]);
    expect(await statuses(editor)).toEqual([403, 403, 403, 403]);
    expect(await statuses(stranger)).toEqual([404, 404, 404, 404]);
  });

  it('lets in as many as it has uses, of 50 at the same time as well (GUEST-2)', async () => {
    const link = await makeLink(owner, brane, { uses_max: 10 });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => refused(enter(gateway, { link: link.token, name: `guest ${n}` }))),
    );
    expect(answers.filter((code) => code === 'none')).toHaveLength(10);
    expect(answers.filter((code) => code === 'link.expired')).toHaveLength(40);
    expect(itemsOf(await owner.ask('GET', `/brane/${brane}/links`))).toMatchObject([{ uses: 10 }]);
    expect(itemsOf(await owner.ask('GET', `/brane/${brane}/members`))).toHaveLength(11);
  });

  it('lets nobody in once it has expired, and nobody stays beyond it (GUEST-3)', async () => {
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const link = await makeLink(owner, brane, { expires_at });
    const { tokens } = await enter(gateway, { link: link.token });
    expect([tokens.expires_at, tokens.expires_in <= 60]).toEqual([expires_at, true]);
    const identity = await gateway.tokens.verifier.verify(tokens.access_token);
    expect(identity.guest?.expires_at).toBe(Math.floor(Date.parse(expires_at) / 1_000) * 1_000);
    await gateway.store.transact({ label: 'spec' }, async (tx) => {
      const stored = await tx.get('links', [link.id]);
      if (stored) tx.put('links', { ...stored, expires_at: new Date().toISOString() });
    });
    expect(await refused(enter(gateway, { link: link.token }))).toBe('link.expired');
    const past = { role: 'editor', expires_at: '2020-01-01T00:00:00Z' };
    expect(codeOf(await owner.ask('POST', `/brane/${brane}/links`, { body: past }))).toBe('field.invalid');
  });

  it('takes those who came by it along when it is revoked: sessions, membership and record (GUEST-4)', async () => {
    const [link, other] = [await makeLink(owner, brane), await makeLink(owner, brane)];
    const guests = await Promise.all([1, 2, 3].map(() => enter(gateway, { link: link.token })));
    const stays = await enter(gateway, { link: other.token });
    await owner.ask('DELETE', `/brane/${brane}/links/${link.id}`);
    for (const guest of guests) {
      const [user, revocation, sessions] = await gateway.store.read({ label: 'spec' }, (tx) =>
        Promise.all([
          tx.get('users', [guest.id]),
          tx.get('revocations', ['user', guest.id]),
          tx.range('sessions', { index: 'by_user', prefix: [guest.id], limit: 5 }),
        ]),
      );
      expect([user?.name, user?.deleted_at, sessions]).toEqual(['', expect.any(String), []]);
      expect(revocation).toBeDefined();
      // This gateway of the tests looks for no revocations; what he is in the brane is enough.
      expect((await guest.ask('GET', `/brane/${brane}`)).status).toBe(404);
    }
    expect((await stays.ask('GET', `/brane/${brane}`)).status).toBe(200);
    expect(itemsOf(await owner.ask('GET', `/brane/${brane}/members`))).toHaveLength(2);
  });
});

describe('a guest', () => {
  it('does in the brane what his link says, is shown as a guest, and nothing else (GUEST-5)', async () => {
    const open = await makeBrane(owner, { visibility: 'public' });
    const elsewhere = await makeGroup(owner, open);
    const guest = await enter(gateway, { link: (await makeLink(owner, brane)).token });
    const viewer = await enter(gateway, { link: (await makeLink(owner, brane, { role: 'viewer' })).token });
    const body = { brane_id: brane, parent_id: brane, kind: 'block' };
    const made = await guest.ask('POST', '/object', { body, key: key() });
    expect([made.status, (await viewer.ask('POST', '/object', { body, key: key() })).status]).toEqual([
      201, 403,
    ]);
    const object = String(fieldOf(made.body, 'id'));
    expect((await viewer.ask('GET', `/object/${object}`)).status).toBe(200);
    expect((await guest.ask('POST', `/brane/${brane}/undo`, { body: { op_id: key() } })).status).toBe(200);
    const members = itemsOf(await owner.ask('GET', `/brane/${brane}/members/`.slice(0, -1)));
    expect(members.find(({ user_id }) => user_id === guest.id)).toMatchObject({
      guest: true,
      role: 'editor',
    });
    expect((await owner.ask('GET', `/users/${guest.id}`)).body).toMatchObject({ name: 'Gus', guest: true });
    expect((await guest.ask('GET', '/users/me')).body).toMatchObject({ guest: { brane_id: brane } });
    const denied: [string, string, unknown?][] = [
      ['POST', '/brane', { name: 'mine' }],
      ['GET', '/brane?public=true'],
      ['POST', '/prototype', { name: 'mine' }],
      ['PATCH', '/users/me', { name: 'Admin' }],
      ['POST', `/brane/${brane}/fork`, {}],
      ['POST', `/object/${brane}/promote`],
      ['POST', `/brane/${brane}/links`, { role: 'editor' }],
      ['POST', '/entity/batch', { ids: [elsewhere] }],
    ];
    for (const [method, path, asked] of denied) {
      const answer = await guest.ask(method, path, {
        key: key(),
        ...(asked === undefined ? {} : { body: asked }),
      });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
    }
    const hidden = [
      `/brane/${open}`,
      `/object/${elsewhere}`,
      `/object/${elsewhere}/children`,
      `/users/${owner.id}`,
    ];
    for (const path of [...hidden, `/entity/${elsewhere}`, `/brane/${open}/people`]) {
      expect([path, (await guest.ask('GET', path)).status]).toEqual([path, 404]);
    }
    expect((await stranger.ask('GET', `/object/${elsewhere}`)).status).toBe(200);
  });

  it('is nobody’s member elsewhere (GUEST-5)', async () => {
    const guest = await enter(gateway, { link: (await makeLink(owner, brane)).token });
    const mine = await makeBrane(stranger);
    const put = await stranger.ask('PUT', `/brane/${mine}/members/${guest.id}`, { body: { role: 'owner' } });
    expect([put.status, codeOf(put)]).toEqual([404, 'user.not_found']);
    const promoted = await owner.ask('PUT', `/brane/${brane}/members/${guest.id}`, {
      body: { role: 'owner' },
    });
    expect(codeOf(promoted)).toBe('permission.denied');
    const viewer = await owner.ask('PUT', `/brane/${brane}/members/${guest.id}`, {
      body: { role: 'viewer' },
    });
    expect(viewer.status).toBe(200);
  });

  it('comes by the id of a brane that whoever knows it may see, and looks on (GUEST-6)', async () => {
    const open = await makeBrane(owner, { visibility: 'link' });
    const guest = await enter(gateway, { brane: open });
    expect(guest.tokens.role).toBe('guest');
    expect((await guest.ask('GET', `/brane/${open}`)).status).toBe(200);
    const body = { brane_id: open, parent_id: open, kind: 'block' };
    expect((await guest.ask('POST', '/object', { body, key: key() })).status).toBe(403);
    expect(await refused(enter(gateway, { brane }))).toBe('brane.not_found');
    expect(await refused(enter(gateway, { brane: crypto.randomUUID() }))).toBe('brane.not_found');
    await owner.ask('PATCH', `/brane/${open}`, { body: { visibility: 'private' } });
    expect((await guest.ask('GET', `/brane/${open}`)).status).toBe(404);
  });

  it.each([
    ['  Ada\u0000\u202e   Lovelace ', 'Ada Lovelace'],
    ['ﬁsh', 'fish'],
    ['x'.repeat(100), 'x'.repeat(40)],
  ])('has a name without what is not seen: %j (GUEST-7)', async (name, clean) => {
    const open = await makeBrane(owner, { visibility: 'link' });
    expect((await enter(gateway, { brane: open, name })).tokens.user.name).toBe(clean);
    expect(await refused(enter(gateway, { brane: open, name: '\u200b \u0007' }))).toBe('field.invalid');
  });
});
