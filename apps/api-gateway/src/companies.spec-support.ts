import { checkBrane } from '@state-server/commit';
import { asBraneId } from '@state-server/domain';
import { type Caller, makeBrane, type TestGateway, textOf } from './gateway.spec-support';

/** Everything that is stored of the brane is what its log says. */
export async function assertSound({ store }: TestGateway, brane: string): Promise<void> {
  const faults: unknown[] = [];
  await checkBrane(store, asBraneId(brane), { onFault: (fault) => faults.push(fault) });
  expect(faults).toEqual([]);
}

/** A company with what can be done to it; its owner is whoever made it. */
export interface Harbour {
  readonly company: string;
  /** Of its owner, and not the company's yet. */
  readonly brane: string;
  /** That waits. */
  readonly invitation: string;
  /** Of another invitation, for whoever has verified its address. */
  readonly token: string;
  readonly invited: Caller;
}

export async function makeHarbour(gateway: TestGateway, owner: Caller): Promise<Harbour> {
  const company = textOf(await owner.ask('POST', '/company', { body: { name: 'Harbour' } }), 'id');
  const invite = async (email: string): Promise<string> =>
    textOf(
      await owner.ask('POST', `/company/${company}/invitations`, { body: { email, role: 'member' } }),
      'id',
    );
  const invited = await gateway.user('Ina');
  const email = `${invited.id}@x.test`;
  await gateway.store.transact({ label: 'spec' }, async (tx) => {
    const user = await tx.get('users', [invited.id]);
    if (user) tx.put('users', { ...user, email });
  });
  const accepted = await invite(email);
  const mail = await gateway.store.read({ label: 'spec' }, (tx) =>
    tx.get('mails', [`invitation:${accepted}`]),
  );
  const token = mail?.data?.['token'];
  if (typeof token !== 'string') throw new Error('no mail was asked for');
  return { company, invited, token, brane: await makeBrane(owner), invitation: await invite('later@x.test') };
}

/** One good request for each route of companies, in an order in which they can follow each other. */
export function companySamples(harbour: () => Harbour, people: () => { readonly bob: Caller }) {
  const path = { id: () => harbour().company };
  const member = { ...path, user_id: () => people().bob.id };
  const brane = { id: () => harbour().brane };
  return {
    'company.create': { body: () => ({ name: 'Dock' }) },
    'company.list': {},
    'company.get': { path },
    'company.update': { path, body: () => ({ name: 'Port' }) },
    'company.put_member': { path: member, body: () => ({ role: 'member' }) },
    'company.get_member': { path: member },
    'company.members': { path },
    'company.delete_member': { path: member },
    'company.invite': { path, body: () => ({ email: 'new@x.test', role: 'member' }) },
    'company.invitations': { path },
    'company.get_invitation': { path: { ...path, invitation_id: () => harbour().invitation } },
    'company.revoke_invitation': { path: { ...path, invitation_id: () => harbour().invitation } },
    'company.accept_invitation': { path: { token: () => harbour().token }, by: () => harbour().invited },
    'brane.set_company': { path: brane, body: () => ({ company_id: harbour().company }) },
    'company.branes': { path },
    'brane.leave_company': { path: brane },
    'company.delete': { path },
  };
}
