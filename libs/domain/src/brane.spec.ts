import { applyBraneOp, newMeta, newRoot } from './brane';
import { TestBrane, codeOf, unwrap } from './brane.spec-support';
import { asBraneId, asUserId } from './ids';
import type { BraneMeta, BraneStatus, Visibility } from './entities';
import type { BraneOp, OpContext } from './ops';
import { mayModerate } from './authorisation';
import { changeBrane } from './change-brane';
import { promotedMeta, promotedOps } from './promote-group';
import { isMuted, roleIn } from './roles';

const owner = asUserId('00000000-0000-4000-8000-000000000001');
const editor = asUserId('00000000-0000-4000-8000-000000000002');
const viewer = asUserId('00000000-0000-4000-8000-000000000003');
const stranger = asUserId('00000000-0000-4000-8000-000000000004');
const id = asBraneId('00000000-0000-4000-8000-000000000005');
const context: OpContext = { seq: 2, at: '2026-01-02T00:00:00.000Z', actor: owner };

function metaWith(overrides: Partial<BraneMeta> = {}): BraneMeta {
  const meta = newMeta({ id, name: 'a', visibility: 'private', owner, at: '2026-01-01T00:00:00.000Z' });
  return { ...meta, members: { [owner]: 'owner', [editor]: 'editor', [viewer]: 'viewer' }, ...overrides };
}

describe('a brane', () => {
  it('starts with one owner and with a root group of its own id (S7)', () => {
    const brane = new TestBrane();
    const root = brane.get(brane.root);
    expect(root).toMatchObject({
      id: brane.root,
      parent_id: null,
      kind: 'group',
      is_brane: true,
      version: 1,
      seq: 1,
    });
    expect(brane.scene.meta.members).toEqual({ [brane.owner]: 'owner' });
    expect(brane.scene.size).toBe(1);
  });

  it('changes its name and visibility, and when it was changed (L6)', () => {
    const op: BraneOp = { op: 'set_brane', name: 'b', visibility: 'public' };
    const next = unwrap(applyBraneOp(metaWith(), op, context));
    expect(next).toEqual(metaWith({ name: 'b', visibility: 'public', updated_at: context.at }));
    expect(unwrap(applyBraneOp(metaWith(), { op: 'set_brane' }, context)).name).toBe('a');
  });

  it('adds, changes and removes members (L6)', () => {
    const added = unwrap(
      applyBraneOp(metaWith(), { op: 'set_member', user_id: stranger, role: 'editor' }, context),
    );
    expect(added.members[stranger]).toBe('editor');
    const changed = unwrap(
      applyBraneOp(added, { op: 'set_member', user_id: stranger, role: 'owner' }, context),
    );
    expect(changed.members[stranger]).toBe('owner');
    const removed = unwrap(applyBraneOp(changed, { op: 'set_member', user_id: owner, role: null }, context));
    expect(Object.keys(removed.members)).toEqual([editor, viewer, stranger]);
  });

  it('keeps its last owner', () => {
    for (const role of [null, 'editor', 'viewer'] as const) {
      const op: BraneOp = { op: 'set_member', user_id: owner, role };
      expect(codeOf(applyBraneOp(metaWith(), op, context))).toBe('member.last_owner');
    }
    expect(applyBraneOp(metaWith(), { op: 'set_member', user_id: owner, role: 'owner' }, context).ok).toBe(
      true,
    );
  });

  it('does not know whom it cannot remove', () => {
    const op: BraneOp = { op: 'set_member', user_id: stranger, role: null };
    expect(codeOf(applyBraneOp(metaWith(), op, context))).toBe('member.unknown');
    const inherited: BraneOp = { op: 'set_member', user_id: asUserId('toString'), role: null };
    expect(codeOf(applyBraneOp(metaWith(), inherited, context))).toBe('member.unknown');
  });

  it('goes from live to purged, and back only from deleted (L7)', () => {
    const statuses: BraneStatus[] = ['live', 'deleted', 'purging', 'purged'];
    const allowed: string[] = [];
    for (const from of statuses) {
      for (const to of statuses) {
        const result = applyBraneOp(metaWith({ status: from }), { op: 'set_status', status: to }, context);
        if (result.ok) allowed.push(`${from} ${to}`);
        else expect(result.refusal.code).toBe('op.invalid');
      }
    }
    expect(allowed).toEqual(['live deleted', 'deleted live', 'deleted purging', 'purging purged']);
  });

  it('has a day of purging while it is on its way out (L7)', () => {
    const day = '2026-02-01T00:00:00.000Z';
    const deleted = unwrap(
      applyBraneOp(metaWith(), { op: 'set_status', status: 'deleted', purge_after: day }, context),
    );
    expect(deleted.purge_after).toBe(day);
    expect(unwrap(applyBraneOp(deleted, { op: 'set_status', status: 'purging' }, context)).purge_after).toBe(
      day,
    );
    expect(unwrap(applyBraneOp(deleted, { op: 'set_status', status: 'live' }, context))).not.toHaveProperty(
      'purge_after',
    );
  });

  it('is changed by the same reducer as its objects', () => {
    const brane = new TestBrane();
    const next = brane.nextContext();
    unwrap(brane.scene.apply({ op: 'set_brane', name: 'renamed' }, next));
    expect(brane.scene.meta.name).toBe('renamed');
    const last: BraneOp = { op: 'set_member', user_id: brane.owner, role: null };
    expect(codeOf(brane.scene.apply(last, next))).toBe('member.last_owner');
    expect(newRoot(brane.scene.meta, next).name).toBe('renamed');
  });
});

describe('rights', () => {
  it.each<[string, Visibility, (string | null)[]]>([
    ['members alone', 'private', ['owner', 'editor', 'viewer', null, null]],
    ['whoever has the link', 'link', ['owner', 'editor', 'viewer', 'guest', 'guest']],
    ['everybody', 'public', ['owner', 'editor', 'viewer', 'guest', 'guest']],
  ])('lets in %s', (_, visibility, standings) => {
    const meta = metaWith({ visibility });
    expect([owner, editor, viewer, stranger, null].map((user) => roleIn(meta, user))).toEqual(standings);
    expect(roleIn(metaWith(), asUserId('constructor'))).toBeNull();
  });
});

describe('moderation', () => {
  const moderator = asUserId('00000000-0000-4000-8000-000000000006');
  const deputy = asUserId('00000000-0000-4000-8000-000000000007');
  const everybody = [owner, moderator, editor, viewer, stranger];
  const moderated = (overrides: Partial<BraneMeta> = {}): BraneMeta => {
    const meta = metaWith({ visibility: 'public', ...overrides });
    return { ...meta, members: { ...meta.members, [moderator]: 'moderator', [deputy]: 'moderator' } };
  };
  const all = (until: string | null): Record<string, string | null> =>
    Object.fromEntries(everybody.map((user) => [user, until]));

  it('hides the brane from the banned, and leaves the muted to look; an owner is neither (MOD-1)', () => {
    const roles = (meta: BraneMeta): unknown[] => everybody.map((user) => roleIn(meta, user));
    expect(roles(moderated({ bans: all(null) }))).toEqual(['owner', null, null, null, null]);
    expect(roles(moderated({ mutes: all(context.at) }))).toEqual([
      ...['owner', 'viewer', 'viewer', 'viewer', 'guest'],
    ]);
    expect([
      isMuted(moderated({ mutes: { [stranger]: null } }), stranger),
      isMuted(moderated(), stranger),
    ]).toEqual([true, false]);
  });

  it('is of owners over all but owners, of moderators over whom is less, of nobody over himself (MOD-2)', () => {
    const over = (by: typeof owner, meta = moderated()): unknown[] =>
      everybody.filter((target) => mayModerate(meta, by, target));
    expect(over(owner)).toEqual([moderator, editor, viewer, stranger]);
    expect(over(moderator)).toEqual([editor, viewer, stranger]);
    expect(over(editor)).toEqual([]);
    expect(over(moderator, moderated({ mutes: { [moderator]: null } }))).toEqual([]);
    // A moderator who is muted is one nevertheless: no other moderator may go on with him.
    expect(mayModerate(moderated({ mutes: { [deputy]: null } }), moderator, deputy)).toBe(false);
  });

  it('adds to whom it concerns already, lifts by name, and is bounded (MOD-3)', () => {
    const change = (meta: BraneMeta, wanted: object): BraneOp =>
      unwrap(changeBrane(meta, { op: 'set_brane', ...wanted }, context.at));
    const meta = moderated({ bans: { [editor]: null }, kicks: { [viewer]: 'then' } });
    expect(change(meta, { bans: { [viewer]: context.at } })).toEqual({
      op: 'set_brane',
      bans: { [editor]: null, [viewer]: context.at },
    });
    expect(change(meta, { bans: { [editor]: false } })).toEqual({ op: 'set_brane', bans: {} });
    expect(change(meta, { kick: editor })).toEqual({
      op: 'set_brane',
      kicks: { [viewer]: 'then', [editor]: context.at },
    });
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`user ${n}`, null]));
    expect(
      codeOf(changeBrane(metaWith({ bans: many }), { op: 'set_brane', bans: { [editor]: null } }, '')),
    ).toBe('field.too_large');
    expect(change(metaWith({ bans: many }), { bans: { 'user 7': false } })).toHaveProperty('bans');
    const kicks = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`user ${n}`, 'then']));
    const kicked = change(metaWith({ kicks }), { kick: editor });
    expect(kicked).toMatchObject({ kicks: { [editor]: context.at, 'user 29': 'then' } });
    expect('kicks' in kicked ? Object.keys(kicked.kicks ?? {}) : []).toHaveLength(20);
  });

  it('holds in a brane that a group of it becomes (MOD-1)', () => {
    const meta = moderated({ bans: { [editor]: null }, mutes: { [viewer]: null } });
    const promoted = promotedMeta(meta, id, 'b', context);
    expect([roleIn(promoted, editor), isMuted(promoted, viewer)]).toEqual([null, true]);
    let built = metaWith({ members: {} });
    for (const op of promotedOps(promoted, [], context))
      built = unwrap(applyBraneOp(built, op as BraneOp, context));
    expect(built).toMatchObject({ bans: promoted.bans, mutes: promoted.mutes });
  });

  it('takes a number of people for its limit (GUEST-9)', () => {
    const asked = (people_max: number): unknown =>
      changeBrane(metaWith(), { op: 'set_brane', settings: { people_max } }, '');
    expect(asked(3)).toMatchObject({ ok: true, value: { settings: { people_max: 3 } } });
    for (const wrong of [0, -1, 1.5, 200_000]) expect(asked(wrong)).toMatchObject({ ok: false });
  });
});
