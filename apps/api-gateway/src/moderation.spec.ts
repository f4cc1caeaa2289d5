import {
  type Answer,
  type Caller,
  codeOf,
  fieldOf,
  makeBrane,
  startTestGateway,
  type TestGateway,
} from './gateway.spec-support';
import { enter, makeLink } from './guests.spec-support';

let gateway: TestGateway;
let people: Record<'owner' | 'moderator' | 'deputy' | 'editor' | 'viewer', Caller>;
let brane: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  people = {
    owner: await gateway.user('Olga'),
    moderator: await gateway.user('Mo'),
    deputy: await gateway.user('Di'),
    editor: await gateway.user('Ed'),
    viewer: await gateway.user('Vi'),
  };
});
afterAll(() => gateway.close());
beforeEach(async () => {
  brane = await makeBrane(people.owner, { visibility: 'link' });
  const { moderator, deputy, editor, viewer } = people;
  const roles = [
    [moderator, 'moderator'],
    [deputy, 'moderator'],
    [editor, 'editor'],
    [viewer, 'viewer'],
  ] as const;
  for (const [who, role] of roles) {
    await people.owner.ask('PUT', `/brane/${brane}/members/${who.id}`, { body: { role } });
  }
});

const act = (by: Caller, action: string, target: string, more: object = {}): Promise<Answer> =>
  by.ask('POST', `/brane/${brane}/moderation`, {
    body: { action, user_id: target, reason: 'because', ...more },
  });
const lift = (by: Caller, kind: string, target: string): Promise<Answer> =>
  by.ask('DELETE', `/brane/${brane}/moderation/${kind}/${target}`);
const listOf = async (by: Caller): Promise<unknown> =>
  fieldOf((await by.ask('GET', `/brane/${brane}/moderation`)).body, 'items');
const sees = async (who: Pick<Caller, 'ask'>): Promise<number> =>
  (await who.ask('GET', `/brane/${brane}`)).status;
const edits = async (who: Pick<Caller, 'ask'>): Promise<number> => {
  const ops = [{ op: 'update', id: brane, set: { '/name': crypto.randomUUID() } }];
  const body = { op_id: crypto.randomUUID(), ops };
  return (await who.ask('POST', `/brane/${brane}/edit`, { body })).status;
};
const audited = (): Promise<(string | undefined)[]> =>
  gateway.store.read({ label: 'spec' }, async (tx) => {
    const entries = await tx.range('audit', { index: 'by_brane', prefix: [brane], limit: 50 });
    return entries
      .filter(({ action }) => action.startsWith('moderation.'))
      .map(({ action, actor_id, target_id, reason }) => [action, actor_id, target_id, reason].join(' '));
  });

describe('moderation over REST', () => {
  it('bans, mutes and lifts, with reasons and entries in the audit log (MOD-1, MOD-4)', async () => {
    const { moderator, editor, viewer, owner } = people;
    expect((await act(moderator, 'ban', editor.id)).status).toBe(204);
    expect([await sees(editor), await edits(editor)]).toEqual([404, 404]);
    const mine = fieldOf((await editor.ask('GET', '/brane')).body, 'items') as { id: string }[];
    expect(mine.map(({ id }) => id)).not.toContain(brane);
    const until = new Date(Date.now() + 60_000).toISOString();
    expect((await act(owner, 'mute', moderator.id, { until })).status).toBe(204);
    expect([await sees(moderator), await edits(moderator)]).toEqual([200, 403]);
    expect((await act(moderator, 'kick', viewer.id)).status).toBe(403);
    expect(await listOf(owner)).toEqual([
      {
        kind: 'ban',
        user_id: editor.id,
        name: 'Ed',
        reason: 'because',
        by: moderator.id,
        at: expect.any(String),
      },
      {
        ...{ kind: 'mute', user_id: moderator.id, name: 'Mo', reason: 'because', by: owner.id, until },
        at: expect.any(String),
      },
    ]);
    expect((await lift(owner, 'mute', moderator.id)).status).toBe(204);
    expect((await lift(moderator, 'ban', editor.id)).status).toBe(204);
    expect([await edits(editor), await edits(moderator)]).toEqual([200, 200]);
    expect(codeOf(await lift(moderator, 'ban', editor.id))).toBe('moderation.not_found');
    expect((await act(moderator, 'kick', viewer.id)).status).toBe(204);
    expect(await sees(viewer)).toBe(200);
    expect(await audited()).toEqual([
      `moderation.banned ${moderator.id} ${editor.id} because`,
      `moderation.muted ${owner.id} ${moderator.id} because`,
      `moderation.unmuted ${owner.id} ${moderator.id} `,
      `moderation.unbanned ${moderator.id} ${editor.id} `,
      `moderation.kicked ${moderator.id} ${viewer.id} because`,
    ]);
  });

  it('is nobody’s over himself, an owner or his equal, and hidden from who may not see the brane (MOD-2)', async () => {
    const { owner, moderator, deputy, editor, viewer } = people;
    const stranger = await gateway.user('Sam');
    await owner.ask('PATCH', `/brane/${brane}`, { body: { visibility: 'private' } });
    const statuses = async (by: Caller, targets: readonly Caller[]): Promise<number[]> => {
      const answers = [];
      for (const target of targets) answers.push((await act(by, 'kick', target.id)).status);
      return answers;
    };
    const all = [owner, moderator, deputy, editor, viewer];
    expect(await statuses(owner, all)).toEqual([403, 204, 204, 204, 204]);
    expect(await statuses(moderator, all)).toEqual([403, 403, 403, 204, 204]);
    expect(await statuses(editor, all)).toEqual([403, 403, 403, 403, 403]);
    expect(await statuses(stranger, [editor])).toEqual([404]);
    await act(owner, 'ban', deputy.id);
    expect((await lift(moderator, 'ban', deputy.id)).status).toBe(403);
    expect((await editor.ask('GET', `/brane/${brane}/moderation`)).status).toBe(403);
    expect(codeOf(await act(owner, 'ban', crypto.randomUUID()))).toBe('user.not_found');
    expect(codeOf(await act(owner, 'ban', editor.id, { until: '2020-01-01T00:00:00Z' }))).toBe(
      'field.invalid',
    );
  });

  it('acts once under one Idempotency-Key (MOD-4)', async () => {
    const { owner, editor } = people;
    const ask = {
      body: { action: 'ban', user_id: editor.id, reason: 'because' },
      key: crypto.randomUUID(),
    };
    const path = `/brane/${brane}/moderation`;
    await Promise.all([owner.ask('POST', path, ask), owner.ask('POST', path, ask)]);
    await owner.ask('POST', path, ask);
    expect(await audited()).toHaveLength(1);
  });

  it('keeps a banned guest out under another name too, as far as his address tells (MOD-7)', async () => {
    const { owner, moderator } = people;
    const link = await makeLink(owner, brane, { role: 'editor' });
    const guest = await enter(gateway, { link: link.token, address: '2001:db8:1:2::7' });
    expect((await act(moderator, 'ban', guest.id)).status).toBe(204);
    expect(await sees(guest)).toBe(404);
    const again = (how: object): Promise<unknown> =>
      enter(gateway, { name: 'New', ...how }).then(
        () => 'in',
        (error: unknown) => [fieldOf(error, 'code'), fieldOf(error, 'details')],
      );
    const refusal = ['brane.banned', { brane_id: brane, reason: 'because' }];
    expect(await again({ link: link.token, address: '2001:db8:1:2:ffff::1' })).toEqual(refusal);
    expect(await again({ brane, address: '2001:db8:1:2::8' })).toEqual(refusal);
    expect(await again({ link: link.token, address: '2001:db8:1:3::7' })).toBe('in');
    expect(await listOf(owner)).toMatchObject([{ kind: 'ban', user_id: guest.id, name: 'Gus', guest: true }]);
    const stored = await gateway.store.read({ label: 'spec' }, async (tx) => [
      await tx.get('guests', [guest.id]),
      await tx.get('moderations', [brane, 'ban', guest.id]),
    ]);
    expect(JSON.stringify(stored)).not.toContain('2001:db8');
    await lift(owner, 'ban', guest.id);
    expect(await again({ link: link.token, address: '2001:db8:1:2::7' })).toBe('in');
  });
});
