import { newMeta } from '../brane';
import type { BraneMeta } from '../entities';
import { asBraneId, asUserId } from '../ids';
import { SCOPES } from '../scopes';
import { type Actor, ANONYMOUS, asUser, barTo, type Somebody, SYSTEM } from './actor';
import { can, standingTo } from './can';
import { type Action, RIGHTS } from './rights';
import { SCOPE_OF } from './scopes';

const userId = (n: number) => asUserId(`00000000-0000-4000-8000-00000000000${n}`);
const [owner, moderator, editor, viewer, stranger] = [1, 2, 3, 4, 5].map((n) => asUser(userId(n))) as [
  Somebody,
  Somebody,
  Somebody,
  Somebody,
  Somebody,
];
const everybody = { owner, moderator, editor, viewer, stranger };

function brane(overrides: Partial<BraneMeta> = {}): BraneMeta {
  const id = asBraneId('00000000-0000-4000-8000-000000000009');
  const meta = newMeta({
    ...{ id, name: 'a', visibility: 'private', owner: owner.user_id },
    at: '2026-01-01T00:00:00.000Z',
  });
  const members = {
    [owner.user_id]: 'owner',
    [moderator.user_id]: 'moderator',
    [editor.user_id]: 'editor',
    [viewer.user_id]: 'viewer',
  } as const;
  return { ...meta, members, ...overrides };
}

const ACTIONS = Object.keys(SCOPE_OF) as Action[];

describe('the table of rights (AUTHZ-1)', () => {
  it('names each action under its kind, and says of each what scope it takes', () => {
    const named = Object.entries(RIGHTS).flatMap(([kind, standings]) =>
      Object.values<readonly string[]>(standings)
        .flat()
        .filter((action) => action.startsWith(`${kind}.`)),
    );
    expect([...new Set(named)].sort()).toEqual([...ACTIONS].sort());
    for (const rule of Object.values(SCOPE_OF)) expect([...SCOPES, 'any', 'none']).toContain(rule);
    expect(SCOPES.filter((scope) => !Object.values(SCOPE_OF).includes(scope))).toEqual(['analytics:write']);
  });

  it('gives nobody more than his betters have', () => {
    const { owner: o, moderator: m, editor: e, viewer: v, guest: g } = RIGHTS.brane;
    for (const [less, more] of [
      [g, v],
      [v, e],
      [e, m],
      [m, o],
    ] as const) {
      expect(less.filter((action) => !(more as readonly string[]).includes(action))).toEqual([]);
    }
  });

  it('is read by can, for every standing to a brane', () => {
    for (const [name, actor] of Object.entries(everybody)) {
      const listed: readonly string[] = name === 'stranger' ? [] : RIGHTS.brane[name as 'owner'];
      const answers = RIGHTS.brane.owner.map((action) => can(actor, action, brane()));
      const no = name === 'stranger' ? 'hidden' : 'denied';
      expect(answers).toEqual(RIGHTS.brane.owner.map((action) => (listed.includes(action) ? 'allowed' : no)));
    }
  });
});

describe('what may not be known of (AUTHZ-2)', () => {
  it('is answered as what is not there', () => {
    expect(can(stranger, 'brane.edit', brane())).toBe('hidden');
    expect(can(owner, 'brane.edit', undefined)).toBe('hidden');
    expect(can(SYSTEM, 'brane.edit', undefined)).toBe('hidden');
    expect(can(ANONYMOUS, 'brane.view', brane({ visibility: 'public' }))).toBe('hidden');
    expect(can(viewer, 'brane.edit', brane())).toBe('denied');
  });

  it('is a deleted brane to all but its members (L7)', () => {
    const deleted = brane({ visibility: 'public', status: 'deleted' });
    expect(can(stranger, 'brane.view', brane({ visibility: 'public' }))).toBe('allowed');
    expect(can(stranger, 'brane.view', deleted)).toBe('hidden');
    expect(can(viewer, 'brane.view', deleted)).toBe('allowed');
    expect(standingTo(stranger, 'brane', deleted)).toBeNull();
  });

  it('is a prototype that is not public to all but its owner', () => {
    const mine = { owner_id: owner.user_id, is_public: false };
    expect([can(owner, 'prototype.delete', mine), can(stranger, 'prototype.view', mine)]).toEqual([
      'allowed',
      'hidden',
    ]);
    expect(can(stranger, 'prototype.use', { ...mine, is_public: true })).toBe('allowed');
    expect(can(stranger, 'prototype.change', { ...mine, is_public: true })).toBe('denied');
  });

  it('is a company to all but its members', () => {
    const members = {
      [owner.user_id]: 'owner',
      [editor.user_id]: 'admin',
      [viewer.user_id]: 'member',
    } as const;
    const may = (actor: Actor) =>
      (['company.view', 'company.manage_members', 'company.delete'] as const).map((action) =>
        can(actor, action, { members }),
      );
    expect(may(owner)).toEqual(['allowed', 'allowed', 'allowed']);
    expect(may(editor)).toEqual(['allowed', 'allowed', 'denied']);
    expect(may(viewer)).toEqual(['allowed', 'denied', 'denied']);
    expect(may(stranger)).toEqual(['hidden', 'hidden', 'hidden']);
    expect(can(asUser(asUserId('constructor')), 'company.view', { members })).toBe('hidden');
  });
});

describe('an administrator (AUTHZ-7)', () => {
  const admin: Somebody = { ...stranger, roles: ['user', 'admin'] };

  it('administers users, and is in a brane or to a prototype whatever anybody else would be', () => {
    expect(can(admin, 'user.administer', { id: viewer.user_id })).toBe('allowed');
    expect(can(stranger, 'user.administer', { id: viewer.user_id })).toBe('denied');
    expect(can(admin, 'server.administer', 'server')).toBe('allowed');
    expect(can(admin, 'brane.view', brane())).toBe('hidden');
    expect(can(admin, 'prototype.view', { owner_id: owner.user_id, is_public: false })).toBe('hidden');
  });

  it('is not a guest or a program, whatever its roles say', () => {
    for (const kind of ['guest', 'service'] as const) {
      expect(can({ ...admin, kind }, 'user.administer', { id: viewer.user_id })).toBe('denied');
    }
  });
});

describe('what stands against an action whatever it is done to', () => {
  const allowed = (actor: Actor): Action[] => ACTIONS.filter((action) => barTo(actor, action) === null);

  it('is nothing for a user, everything for the suspended and the nameless (AUTHZ-6)', () => {
    expect(allowed(owner)).toEqual(ACTIONS);
    expect(allowed(SYSTEM)).toEqual(ACTIONS);
    expect(allowed({ ...owner, is_suspended: true })).toEqual([]);
    expect(allowed(ANONYMOUS)).toEqual([]);
    expect(can({ ...owner, is_suspended: true }, 'brane.view', brane())).toBe('denied');
  });

  it('is a missing scope, which is named; what takes a person no scope allows (AUTHZ-4)', () => {
    const key: Somebody = { ...owner, kind: 'service', scopes: ['brane:read'] };
    expect(barTo(key, 'brane.view')).toBeNull();
    expect(barTo(key, 'brane.edit')).toEqual({ kind: 'scope', scope: 'brane:write' });
    expect(can(key, 'brane.edit', brane())).toBe('denied');
    for (const actor of [key, { ...owner, scopes: SCOPES }, { ...owner, kind: 'service' } as const]) {
      expect(barTo(actor, 'user.delete')).toEqual({ kind: 'scope', scope: null });
      expect(barTo(actor, 'server.account')).toEqual({ kind: 'scope', scope: null });
      expect(barTo(actor, 'server.session')).toBeNull();
    }
  });

  it('is the want of an account for whatever lasts (AUTHZ-9)', () => {
    const guest: Somebody = { ...editor, kind: 'guest' };
    expect(can(guest, 'brane.edit', brane())).toBe('allowed');
    for (const action of ['server.create_brane', 'server.create_prototype', 'brane.moderate'] as const) {
      expect(barTo(guest, action)).toEqual({ kind: 'guest' });
    }
    expect(can({ ...guest, user_id: owner.user_id }, 'brane.delete', brane())).toBe('denied');
  });
});
