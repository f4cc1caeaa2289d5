import {
  type Answer,
  type Caller,
  codeOf,
  makeBrane,
  makeGroup,
  startTestGateway,
  type TestGateway,
} from './gateway.spec-support';

let gateway: TestGateway;
let people: Record<'owner' | 'moderator' | 'editor' | 'viewer' | 'stranger', Caller>;
let brane: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  people = {
    owner: await gateway.user('Olga'),
    moderator: await gateway.user('Mo'),
    editor: await gateway.user('Ed'),
    viewer: await gateway.user('Vi'),
    stranger: await gateway.user('Sam'),
  };
  brane = await membered('private');
});
afterAll(() => gateway.close());

async function membered(visibility: string): Promise<string> {
  const id = await makeBrane(people.owner, { visibility });
  for (const role of ['moderator', 'editor', 'viewer'] as const) {
    await people.owner.ask('PUT', `/brane/${id}/members/${people[role].id}`, { body: { role } });
  }
  return id;
}

type Act = (caller: Caller, object: string, brane: string) => Promise<Answer>;
const key = (): string => crypto.randomUUID();

const READS: Readonly<Record<string, Act>> = {
  'sees the brane': (by, _object, id) => by.ask('GET', `/brane/${id}`),
  'takes a snapshot': (by, _object, id) => by.ask('GET', `/brane/${id}/snapshot`),
  'reads its history': (by, _object, id) => by.ask('GET', `/brane/${id}/history`),
  'lists its members': (by, _object, id) => by.ask('GET', `/brane/${id}/members`),
  'sees an object': (by, object) => by.ask('GET', `/object/${object}`),
  'lists children': (by, object) => by.ask('GET', `/object/${object}/children`),
  'finds an entity': (by, object) => by.ask('GET', `/entity/${object}`),
};

const EDITS: Readonly<Record<string, Act>> = {
  'makes an object': (by, object, id) =>
    by.ask('POST', '/object', { body: { brane_id: id, parent_id: object, kind: 'block' }, key: key() }),
  'changes an object': (by, object) =>
    by.ask('PATCH', `/object/${object}`, { body: { set: { '/name': 'x' } }, key: key() }),
  'moves an object': (by, object, id) =>
    by.ask('POST', `/object/${object}/move`, { body: { parent_id: id }, key: key() }),
  'edits by op': (by, object, id) =>
    by.ask('POST', `/brane/${id}/edit`, {
      body: { op_id: key(), ops: [{ op: 'update', id: object, set: { '/name': 'y' } }] },
    }),
  undoes: async (by, object, id) => {
    const op_id = key();
    const ops = [{ op: 'update', id: object, set: { '/name': key() } }];
    await by.ask('POST', `/brane/${id}/edit`, { body: { op_id, ops } });
    return by.ask('POST', `/brane/${id}/undo`, { body: { op_id: key() } });
  },
  'deletes an object': (by, object) => by.ask('DELETE', `/object/${object}`, { key: key() }),
  promotes: (by, object) => by.ask('POST', `/object/${object}/promote`, { key: key() }),
  restores: (by, _object, id) => by.ask('POST', `/brane/${id}/restore`, { body: { seq: 1 } }),
};

const OWNERS: Readonly<Record<string, Act>> = {
  'renames the brane': (by, _object, id) => by.ask('PATCH', `/brane/${id}`, { body: { name: 'z' } }),
  'appoints a member': (by, _object, id) =>
    by.ask('PUT', `/brane/${id}/members/${people.viewer.id}`, { body: { role: 'viewer' } }),
};

const NOT_YET: Readonly<Record<string, Act>> = {
  'calls a handler': (by, object) =>
    by.ask('POST', `/object/${object}/actions/open`, { body: {}, key: key() }),
};

const rows = (
  acts: Readonly<Record<string, Act>>,
  ...statuses: readonly number[]
): [string, Act, number[]][] => Object.entries(acts).map(([what, act]) => [what, act, [...statuses]]);

describe('who owner, moderator, editor, viewer and stranger are in a private brane (REST-SEE-1, MOD-2)', () => {
  const ROLES = ['owner', 'moderator', 'editor', 'viewer', 'stranger'] as const;

  it.each([
    ...rows(READS, 200, 200, 200, 200, 404),
    ...rows(EDITS, 200, 200, 200, 403, 404),
    ...rows(OWNERS, 200, 403, 403, 403, 404),
    ...rows(NOT_YET, 422, 422, 422, 403, 404),
  ])('decides who %s', async (_what, act, expected) => {
    for (const [index, role] of ROLES.entries()) {
      const object = await makeGroup(people.owner, brane);
      const { status, body } = await act(people[role], object, brane);
      const told = status >= 200 && status < 300 ? 200 : status;
      expect({ role, told, body: told < 300 ? undefined : body }).toMatchObject({
        role,
        told: expected[index],
      });
    }
  });

  it('decides who deletes it, and what they are told then', async () => {
    const id = await membered('private');
    const remove = (role: (typeof ROLES)[number]): Promise<Answer> =>
      people[role].ask('DELETE', `/brane/${id}`);
    expect((await remove('stranger')).status).toBe(404);
    expect((await remove('viewer')).status).toBe(403);
    expect((await remove('editor')).status).toBe(403);
    expect((await remove('owner')).status).toBe(204);
    const after = await people.viewer.ask('GET', `/brane/${id}`);
    expect([after.status, codeOf(after)]).toEqual([410, 'brane.deleted']);
    expect((await people.stranger.ask('GET', `/brane/${id}`)).status).toBe(404);
  });

  it('tells a stranger the same of an object that is there and of one that is not', async () => {
    const object = await makeGroup(people.owner, brane);
    const there = await people.stranger.ask('GET', `/object/${object}`);
    const missing = await people.stranger.ask('GET', `/object/${crypto.randomUUID()}`);
    const strip = ({ status, body }: Answer): string =>
      `${status} ${JSON.stringify(body).replaceAll(/[0-9a-f-]{36}/g, 'id')}`;
    expect(strip(there)).toBe(strip(missing));
  });
});

describe('a guest of a brane that may be seen by link (REST-SEE-1)', () => {
  it.each([...rows(READS, 200), ...rows(EDITS, 403), ...rows(OWNERS, 403), ...rows(NOT_YET, 403)])(
    'is told rightly when he %s',
    async (_what, act, [expected]) => {
      const id = await membered('link');
      const object = await makeGroup(people.owner, id);
      expect((await act(people.stranger, object, id)).status).toBe(expected);
    },
  );
});

describe('rights', () => {
  it('are those of the moment: a change is in force with the next request (L6)', async () => {
    const id = await membered('private');
    const object = await makeGroup(people.owner, id);
    const change = (): Promise<Answer> =>
      people.viewer.ask('PATCH', `/object/${object}`, { body: { set: { '/name': 'v' } }, key: key() });
    expect((await change()).status).toBe(403);
    const member = `/brane/${id}/members/${people.viewer.id}`;
    await people.owner.ask('PUT', member, { body: { role: 'editor' } });
    expect((await change()).status).toBe(200);
    await people.owner.ask('DELETE', member);
    expect((await change()).status).toBe(404);
  });
});
