import { writeMail } from '@state-server/mail';
import { dump } from '@state-server/testing';
import {
  type Answer,
  type Caller,
  codeOf,
  startTestGateway,
  type TestGateway,
  textOf,
} from './gateway.spec-support';

let gateway: TestGateway;
let ada: Caller;
let bob: Caller;
let eve: Caller;
let company: string;

beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(async () => {
  [ada, bob, eve] = [await gateway.user('Ada'), await gateway.user('Bob'), await gateway.user('Eve')];
  company = textOf(await ada.ask('POST', '/company', { body: { name: 'Harbour' } }), 'id');
});
afterAll(() => gateway.close());

const invite = (by: Caller, body: Readonly<Record<string, unknown>>, key?: string): Promise<Answer> =>
  by.ask('POST', `/company/${company}/invitations`, { body, ...(key && { key }) });

const accept = (by: Caller, token: string): Promise<Answer> =>
  by.ask('POST', `/company/invitations/${token}/accept`);

/** As whoever signed him in has verified it. */
async function verify(who: Caller, email: string): Promise<void> {
  await gateway.store.transact({ label: 'spec' }, async (tx) => {
    const user = await tx.get('users', [who.id]);
    if (user) tx.put('users', { ...user, email });
  });
}

interface Queued {
  readonly to: string;
  readonly token: string;
}

async function mailOf(invitation: string): Promise<Queued> {
  const mail = await gateway.store.read({ label: 'spec' }, (tx) =>
    tx.get('mails', [`invitation:${invitation}`]),
  );
  const token = mail?.data?.['token'];
  if (!mail || typeof token !== 'string') throw new Error('no mail was asked for');
  return { to: mail.to, token };
}

async function invited(email: string, role = 'member'): Promise<Queued & { readonly id: string }> {
  const answer = await invite(ada, { email, role });
  expect(answer.status).toBe(201);
  const id = textOf(answer, 'id');
  return { id, ...(await mailOf(id)) };
}

describe('an invitation', () => {
  it('goes to its address, and makes whoever that is a member, once (CO-8)', async () => {
    await verify(bob, 'Bob@X.test');
    const { to, token, id } = await invited(' bOB@x.test'.trim(), 'admin');
    expect(to).toBe('bob@x.test');
    const listed = await ada.ask('GET', `/company/${company}/invitations`);
    expect(listed.body).toMatchObject({
      items: [{ id, email: 'bob@x.test', role: 'admin', invited_by: ada.id }],
    });
    expect((await accept(bob, token)).body).toMatchObject({ id: company, role: 'admin', members: 2 });
    expect(codeOf(await accept(bob, token))).toBe('invitation.not_found');
    expect((await ada.ask('GET', `/company/${company}/invitations`)).body).toMatchObject({ items: [] });
  });

  it('is worth nothing to who holds the link and has another address, and stays good for the other (CO-8)', async () => {
    await verify(bob, 'bob@x.test');
    await verify(eve, 'eve@x.test');
    const { token } = await invited('bob@x.test');
    const refused = await accept(eve, token);
    expect([refused.status, codeOf(refused)]).toEqual([403, 'invitation.not_yours']);
    const nameless = await gateway.user('Nameless');
    expect(codeOf(await accept(nameless, token))).toBe('invitation.not_yours');
    expect((await accept(bob, token)).status).toBe(200);
  });

  it('is told by its token alone, of which only the digest is kept, and which no answer shows (CO-8)', async () => {
    const key = crypto.randomUUID();
    const [one, two] = [
      await invite(ada, { email: 'bob@x.test' }, key),
      await invite(ada, { email: 'bob@x.test' }, key),
    ];
    expect(textOf(two, 'id')).toBe(textOf(one, 'id'));
    const { token } = await mailOf(textOf(one, 'id'));
    expect(token).toMatch(/^inv_[\w-]{43}$/);
    const { mails, ...others } = await dump(gateway.store);
    expect(mails?.length).toBeGreaterThan(0);
    expect(JSON.stringify(others)).not.toContain(token);
    expect(JSON.stringify([one.body, two.body])).not.toContain(token);
    expect(codeOf(await accept(bob, `${token}x`))).toBe('invitation.not_found');
    const { text } = writeMail({
      ...{ template: 'company.invitation', appUrl: 'https://app.test', locale: 'en' },
      data: {
        company: 'Harbour',
        inviter: 'Ada',
        role: 'member',
        token,
        expires_at: '2026-01-01T00:00:00.000Z',
      },
    });
    expect(text).toContain(`#/invitation/${token}`);
  });

  it('ends when it is withdrawn, and when who wrote it may not invite any more (CO-9)', async () => {
    await verify(bob, 'bob@x.test');
    const withdrawn = await invited('bob@x.test');
    expect((await eve.ask('DELETE', `/company/${company}/invitations/${withdrawn.id}`)).status).toBe(404);
    expect((await ada.ask('DELETE', `/company/${company}/invitations/${withdrawn.id}`)).status).toBe(204);
    expect(codeOf(await accept(bob, withdrawn.token))).toBe('invitation.not_found');
    const again = await ada.ask('DELETE', `/company/${company}/invitations/${withdrawn.id}`);
    expect(codeOf(again)).toBe('invitation.not_found');

    await ada.ask('PUT', `/company/${company}/members/${eve.id}`, { body: { role: 'admin' } });
    const { token } = await mailOf(textOf(await invite(eve, { email: 'bob@x.test' }), 'id'));
    await ada.ask('PUT', `/company/${company}/members/${eve.id}`, { body: { role: 'member' } });
    expect(codeOf(await accept(bob, token))).toBe('invitation.not_found');
  });

  it('ends with its time (CO-9)', async () => {
    await verify(bob, 'bob@x.test');
    const { id, token } = await invited('bob@x.test');
    await gateway.store.transact({ label: 'spec' }, async (tx) => {
      const invitation = await tx.get('company_invitations', [id]);
      if (invitation) tx.put('company_invitations', { ...invitation, expires_at: invitation.created_at });
    });
    expect(codeOf(await accept(bob, token))).toBe('invitation.not_found');
    expect((await ada.ask('GET', `/company/${company}/invitations`)).body).toMatchObject({ items: [] });
  });

  it('is written by those who run the company, of an owner by owners, and to an address alone (CO-9)', async () => {
    await ada.ask('PUT', `/company/${company}/members/${eve.id}`, { body: { role: 'admin' } });
    await ada.ask('PUT', `/company/${company}/members/${bob.id}`, { body: { role: 'member' } });
    expect((await invite(bob, { email: 'x@x.test' })).status).toBe(403);
    expect((await invite(eve, { email: 'x@x.test', role: 'owner' })).status).toBe(403);
    expect((await invite(ada, { email: 'x@x.test,y@x.test' })).status).toBe(400);
    expect(codeOf(await invite(ada, { email: '<x>@x.test' }))).toBe('field.invalid');
    expect((await invite(ada, { email: 'x@x.test', expires_in_days: 31 })).status).toBe(400);
  });

  it('makes nobody less than he is (CO-8)', async () => {
    await verify(ada, 'ada@x.test');
    const { token } = await invited('ada@x.test');
    expect((await accept(ada, token)).body).toMatchObject({ role: 'owner', members: 1 });
  });
});
