import { createCommitter, operationKinds, readBrane, workOperation } from '@state-server/commit';
import { asBraneId, asUserId, roleIn } from '@state-server/domain';
import { reachCompanyKind } from '@state-server/features-company';
import { realEnvironment } from '@state-server/platform';
import { dump } from '@state-server/testing';
import { assertSound } from './companies.spec-support';
import {
  type Answer,
  type Caller,
  codeOf,
  makeBrane,
  startTestGateway,
  textOf,
  type TestGateway,
} from './gateway.spec-support';

let gateway: TestGateway;
let ada: Caller;
let bob: Caller;
let eve: Caller;

beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(async () => {
  [ada, bob, eve] = [await gateway.user('Ada'), await gateway.user('Bob'), await gateway.user('Eve')];
});
afterAll(() => gateway.close());

const makeCompany = async (by: Caller, body: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  textOf(await by.ask('POST', '/company', { body: { name: 'Harbour', ...body } }), 'id');

const put = (by: Caller, company: string, who: Caller, role: string): Promise<Answer> =>
  by.ask('PUT', `/company/${company}/members/${who.id}`, { body: { role } });

const leave = (by: Caller, company: string, who: Caller = by): Promise<Answer> =>
  by.ask('DELETE', `/company/${company}/members/${who.id}`);

/** Works off what is to be done, as jobs-runner does. */
async function reach(): Promise<void> {
  const { store } = gateway;
  const committer = createCommitter({
    ...{ store, environment: realEnvironment, publish: () => undefined, writerId: crypto.randomUUID() },
  });
  const kinds = operationKinds([reachCompanyKind({ store, committer })]);
  const waiting = await store.read({ label: 'spec' }, (tx) =>
    tx.range('operations', { index: 'by_due', prefix: [], limit: 100 }),
  );
  for (const { id } of waiting) {
    expect(await workOperation({ store, environment: realEnvironment, kinds, runner: 'spec' }, id)).toBe(
      'ended',
    );
  }
  const ended = await store.read({ label: 'spec' }, (tx) =>
    tx.getMany(
      'operations',
      waiting.map(({ id }) => [id]),
    ),
  );
  expect(ended.map((operation) => operation?.state)).toEqual(waiting.map(() => 'succeeded'));
}

const roleAt = async (brane: string, who: Caller): Promise<string | null> => {
  const view = await readBrane(gateway.store, asBraneId(brane));
  return view ? roleIn(view.meta, asUserId(who.id)) : null;
};

const edit = (by: Caller, brane: string): Promise<Answer> =>
  by.ask('POST', `/brane/${brane}/edit`, {
    body: { op_id: crypto.randomUUID(), ops: [{ op: 'update', id: brane, set: { '/name': 'x' } }] },
  });

const audited = async (company: string): Promise<string[]> => {
  const entries = await gateway.store.read({ label: 'spec' }, (tx) =>
    tx.range('audit', { index: 'by_company', prefix: [company], limit: 100 }),
  );
  return entries.map(({ action }) => action);
};

describe('a company', () => {
  it('is its members’ alone, and changed by those who run it (CO-1)', async () => {
    const id = await makeCompany(ada);
    expect((await bob.ask('GET', `/company/${id}`)).status).toBe(404);
    await put(ada, id, bob, 'member');
    const seen = await bob.ask('GET', `/company/${id}`);
    expect(seen.body).toMatchObject({
      id,
      name: 'Harbour',
      role: 'member',
      members: 2,
      brane_role: 'editor',
    });
    expect((await bob.ask('PATCH', `/company/${id}`, { body: { name: 'x' } })).status).toBe(403);
    const etag = seen.headers.get('etag') ?? '';
    const stale = { body: { name: 'Port' }, headers: { 'if-match': '"1"' } };
    expect((await ada.ask('PATCH', `/company/${id}`, stale)).status).toBe(412);
    const fresh = { body: { name: 'Port' }, headers: { 'if-match': etag } };
    expect((await ada.ask('PATCH', `/company/${id}`, fresh)).body).toMatchObject({ name: 'Port' });
    for (const path of ['', '/members', '/branes', '/invitations']) {
      expect((await eve.ask('GET', `/company/${id}${path}`)).status).toBe(404);
    }
    expect((await bob.ask('GET', `/company/${id}/invitations`)).status).toBe(403);
    const mine = await bob.ask('GET', '/company');
    expect(mine.body).toMatchObject({ items: [{ id, role: 'member' }], next_cursor: null });
    expect((await eve.ask('GET', '/company')).body).toMatchObject({ items: [] });
  });

  it('is made once under one key, and so is what is done in it (I5, CO-1)', async () => {
    const key = crypto.randomUUID();
    const [one, two] = [
      await ada.ask('POST', '/company', { body: { name: 'A' }, key }),
      await ada.ask('POST', '/company', { body: { name: 'A' }, key }),
    ];
    expect(two.status).toBe(201);
    expect(textOf(two, 'id')).toBe(textOf(one, 'id'));
    const id = textOf(one, 'id');
    const again = { body: { role: 'member' }, key: crypto.randomUUID() };
    await ada.ask('PUT', `/company/${id}/members/${bob.id}`, again);
    await ada.ask('PUT', `/company/${id}/members/${bob.id}`, again);
    expect(await audited(id)).toEqual(['company.created', 'company.member_set']);
  });

  it('has members as a brane has: listed page by page, owners made by owners alone (CO-2)', async () => {
    const id = await makeCompany(ada);
    await put(ada, id, bob, 'admin');
    expect((await put(bob, id, eve, 'owner')).status).toBe(403);
    expect((await put(bob, id, ada, 'member')).status).toBe(403);
    expect((await leave(bob, id, ada)).status).toBe(403);
    expect((await put(bob, id, eve, 'member')).body).toMatchObject({
      user_id: eve.id,
      name: 'Eve',
      role: 'member',
    });
    const first = await eve.ask('GET', `/company/${id}/members?limit=2`);
    const next = textOf(first, 'next_cursor');
    const second = await eve.ask('GET', `/company/${id}/members?limit=2&cursor=${next}`);
    const found = [first, second].flatMap(({ body }) => (body as { items: { user_id: string }[] }).items);
    expect(found.map(({ user_id }) => user_id)).toEqual([ada.id, bob.id, eve.id].sort());
    expect((await put(ada, id, { ...eve, id: asUserId(crypto.randomUUID()) }, 'member')).status).toBe(404);
    const nobody = await gateway.user('Nobody');
    expect(codeOf(await ada.ask('GET', `/company/${id}/members/${nobody.id}`))).toBe(
      'company.member_unknown',
    );
    expect(
      (await eve.ask('PUT', `/company/${id}/members/${eve.id}`, { body: { role: 'admin' } })).status,
    ).toBe(403);
  });

  it('keeps its last owner, also when all owners leave at once or make each other less (CO-3)', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await makeCompany(ada);
      await put(ada, id, bob, 'owner');
      await put(ada, id, eve, 'owner');
      const answers = await Promise.all(
        round % 2 === 0
          ? [leave(ada, id), leave(bob, id), leave(eve, id)]
          : [put(ada, id, bob, 'member'), put(bob, id, eve, 'admin'), put(eve, id, ada, 'member')],
      );
      for (const { status } of answers) expect([200, 204, 403, 404, 409]).toContain(status);
      const company = await gateway.store.read({ label: 'spec' }, (tx) => tx.get('companies', [id]));
      const members = await gateway.store.read({ label: 'spec' }, (tx) =>
        tx.range('company_members', { prefix: [id], limit: 10 }),
      );
      const owners = members.filter(({ role }) => role === 'owner');
      expect(owners.length).toBeGreaterThanOrEqual(1);
      expect(company).toMatchObject({ owners: owners.length, members: members.length });
    }
    const id = await makeCompany(ada);
    expect(codeOf(await leave(ada, id))).toBe('company.last_owner');
    expect(codeOf(await put(ada, id, ada, 'admin'))).toBe('company.last_owner');
  });
});

describe('a brane of a company', () => {
  it('has no other owner, and its people are what the company makes them (CO-4)', async () => {
    const id = await makeCompany(ada, { brane_role: 'viewer' });
    await put(ada, id, bob, 'member');
    const made = await ada.ask('POST', '/brane', { body: { name: 'Quay', company_id: id } });
    expect(made.body).toMatchObject({ role: 'owner', company_id: id });
    const brane = textOf(made, 'id');
    expect((await bob.ask('GET', `/brane/${brane}`)).body).toMatchObject({ role: 'viewer' });
    expect((await edit(bob, brane)).status).toBe(403);
    expect((await eve.ask('GET', `/brane/${brane}`)).status).toBe(404);
    expect((await ada.ask('GET', `/brane/${brane}/members`)).body).toMatchObject({ items: [] });
    const owner = await ada.ask('PUT', `/brane/${brane}/members/${eve.id}`, { body: { role: 'owner' } });
    expect(codeOf(owner)).toBe('member.company_owned');
    expect((await bob.ask('GET', `/company/${id}/branes`)).body).toMatchObject({
      items: [{ id: brane, role: 'viewer' }],
    });
    await ada.ask('PATCH', `/company/${id}`, { body: { brane_role: 'editor' } });
    await reach();
    expect((await edit(bob, brane)).status).toBe(200);
    await assertSound(gateway, brane);
  });

  it('is made and taken in by those who run the company alone (CO-4)', async () => {
    const id = await makeCompany(ada);
    await put(ada, id, bob, 'member');
    const body = { name: 'x', company_id: id };
    expect((await bob.ask('POST', '/brane', { body })).status).toBe(403);
    expect((await eve.ask('POST', '/brane', { body })).status).toBe(404);
    const his = await makeBrane(bob);
    const into = { body: { company_id: id } };
    expect((await bob.ask('PUT', `/brane/${his}/company`, into)).status).toBe(403);
    expect((await ada.ask('PUT', `/brane/${his}/company`, into)).status).toBe(404);
  });

  it('goes into a company, to another, and out again, in one entry each; nobody else owns it then (CO-5)', async () => {
    const [one, two] = [await makeCompany(ada), await makeCompany(ada)];
    await put(ada, one, bob, 'member');
    const brane = await makeBrane(ada);
    await ada.ask('PUT', `/brane/${brane}/members/${eve.id}`, { body: { role: 'owner' } });
    const moved = await ada.ask('PUT', `/brane/${brane}/company`, { body: { company_id: one } });
    expect(moved.body).toMatchObject({ company_id: one, role: 'owner' });
    expect(await Promise.all([ada, bob, eve].map((who) => roleAt(brane, who)))).toEqual([
      'owner',
      'editor',
      'editor',
    ]);
    // Who is an owner of the brane by his company, but runs no other, sends it nowhere.
    expect((await bob.ask('PUT', `/brane/${brane}/company`, { body: { company_id: two } })).status).toBe(403);
    await put(ada, one, bob, 'admin');
    await reach();
    expect((await bob.ask('PUT', `/brane/${brane}/company`, { body: { company_id: two } })).status).toBe(404);
    await ada.ask('PUT', `/brane/${brane}/company`, { body: { company_id: two } });
    expect(await Promise.all([ada, bob, eve].map((who) => roleAt(brane, who)))).toEqual([
      'owner',
      null,
      'editor',
    ]);
    const out = await ada.ask('DELETE', `/brane/${brane}/company`);
    expect(out.body).toMatchObject({ role: 'owner' });
    expect(out.body).not.toHaveProperty('company_id');
    await leave(ada, two);
    expect(await roleAt(brane, ada)).toBe('owner');
    expect((await ada.ask('DELETE', `/brane/${brane}/company`)).status).toBe(404);
    await assertSound(gateway, brane);
    expect(await audited(one)).toContain('company.brane_set');
  });

  it('takes no write of who has left the company, from that moment on; what it shows follows (CO-6)', async () => {
    const id = await makeCompany(ada);
    await put(ada, id, bob, 'admin');
    const brane = textOf(await ada.ask('POST', '/brane', { body: { name: 'Quay', company_id: id } }), 'id');
    await ada.ask('PUT', `/brane/${brane}/members/${eve.id}`, { body: { role: 'editor' } });
    expect((await edit(bob, brane)).status).toBe(200);
    await put(ada, id, bob, 'member');
    expect((await bob.ask('PATCH', `/brane/${brane}`, { body: { name: 'his' } })).status).toBe(403);
    expect((await edit(bob, brane)).status).toBe(200);
    await leave(bob, id);
    // The brane still names him, and its own door lets him by; the write path does not.
    expect(await roleAt(brane, bob)).toBe('owner');
    expect((await edit(bob, brane)).status).toBe(404);
    expect((await edit(eve, brane)).status).toBe(200);
    await reach();
    expect(await roleAt(brane, bob)).toBeNull();
    expect((await bob.ask('GET', `/brane/${brane}`)).status).toBe(404);
    await assertSound(gateway, brane);
  });

  it('forgets who has left also where he had been made something by itself (CO-6)', async () => {
    const id = await makeCompany(ada);
    await put(ada, id, bob, 'member');
    const brane = textOf(await ada.ask('POST', '/brane', { body: { name: 'Quay', company_id: id } }), 'id');
    await ada.ask('PUT', `/brane/${brane}/members/${bob.id}`, { body: { role: 'moderator' } });
    await leave(ada, id, bob);
    await reach();
    expect(await roleAt(brane, bob)).toBeNull();
    await assertSound(gateway, brane);
  });

  it('knows the company as it is, however changes and new branes come about at once (CO-6)', async () => {
    const id = await makeCompany(ada);
    const people = await Promise.all(Array.from({ length: 4 }, (_, n) => gateway.user(`P${n}`)));
    const works = people.flatMap((who, n) => [
      put(ada, id, who, n % 2 === 0 ? 'admin' : 'member'),
      ada.ask('POST', '/brane', { body: { name: `b${n}`, company_id: id } }),
    ]);
    await Promise.all(works);
    await Promise.all([leave(ada, id, people[0] ?? ada), reach(), makeCompany(bob)]);
    await reach();
    const { items } = (await ada.ask('GET', `/company/${id}/branes`)).body as { items: { id: string }[] };
    expect(items).toHaveLength(4);
    for (const brane of items) {
      const roles = await Promise.all(people.map((who) => roleAt(brane.id, who)));
      expect(roles).toEqual([null, 'editor', 'owner', 'editor']);
      await assertSound(gateway, brane.id);
    }
  });
});

describe('the end of a company', () => {
  it('gives its branes to the owner who deletes it; nobody is anything by it from then on (CO-7)', async () => {
    const id = await makeCompany(ada);
    await put(ada, id, bob, 'owner');
    await put(ada, id, eve, 'admin');
    const brane = textOf(await eve.ask('POST', '/brane', { body: { name: 'Quay', company_id: id } }), 'id');
    await ada.ask('POST', `/company/${id}/invitations`, { body: { email: 'x@x.test' } });
    expect((await eve.ask('DELETE', `/company/${id}`)).status).toBe(403);
    const key = crypto.randomUUID();
    expect((await bob.ask('DELETE', `/company/${id}`, { key })).status).toBe(204);
    expect((await bob.ask('DELETE', `/company/${id}`, { key })).status).toBe(204);
    expect((await ada.ask('GET', `/company/${id}`)).status).toBe(404);
    expect((await edit(eve, brane)).status).toBe(404);
    await reach();
    expect(await Promise.all([ada, bob, eve].map((who) => roleAt(brane, who)))).toEqual([
      null,
      'owner',
      null,
    ]);
    expect((await edit(bob, brane)).status).toBe(200);
    const left = await gateway.store.read({ label: 'spec' }, (tx) =>
      tx.range('company_members', { prefix: [id], limit: 10 }),
    );
    expect(left).toEqual([]);
    const { company_invitations = [] } = await dump(gateway.store);
    expect(company_invitations).toEqual([]);
    expect((await ada.ask('GET', '/company')).body).toMatchObject({ items: [] });
    await assertSound(gateway, brane);
  });
});
