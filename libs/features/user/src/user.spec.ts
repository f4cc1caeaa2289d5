import { asPrototypeId, asUserId, type PrototypeId, type UserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { PrototypeDoc, Store, UserDoc } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { changeUser } from './change-user';
import { getUser, seeUser } from './get-user';
import {
  INVENTORY_ITEMS,
  type InventoryPage,
  listInventory,
  pinPrototype,
  unpinPrototype,
} from './inventory';
import { liftSuspension, putRoles, suspendUser } from './suspend-user';

const coded = (code: string): unknown => expect.objectContaining({ code });

let environment: FakeEnvironment;
let store: Store;
const deps = () => ({ store, environment });
const from = { actor: { kind: 'user', id: 'an-admin' } } as const;

async function newUser(fields: Partial<UserDoc> = {}): Promise<UserId> {
  const id = asUserId(environment.ids.uuid());
  const at = new Date(environment.clock.now()).toISOString();
  await store.transact({ label: 'spec' }, async (tx) =>
    tx.put('users', {
      id,
      name: 'Ada',
      roles: ['user'],
      version: 1,
      created_at: at,
      updated_at: at,
      ...fields,
    }),
  );
  return id;
}

beforeEach(() => {
  environment = createFakeEnvironment();
  store = createMemoryStore({ environment });
});

describe('a user (USER-1)', () => {
  it('is read, or is not there', async () => {
    const id = await newUser();
    expect(await getUser(store, id)).toMatchObject({ name: 'Ada', version: 1 });
    const nobody = asUserId(environment.ids.uuid());
    await expect(getUser(store, nobody)).rejects.toEqual(coded('user.not_found'));
    const gone = await newUser({ deleted_at: '2026-01-01T00:00:00.000Z' });
    await expect(getUser(store, gone)).rejects.toEqual(coded('user.not_found'));
  });

  it('takes another name, and is a version further', async () => {
    const id = await newUser({ email: 'ada@x.test' });
    await environment.advance(1_000);
    const renamed = await changeUser(deps(), { user_id: id, change: { name: 'Grace' }, if_versions: [1] });
    expect(renamed).toMatchObject({
      name: 'Grace',
      email: 'ada@x.test',
      version: 2,
      updated_at: '2026-01-01T00:00:01.000Z',
    });
    expect(await getUser(store, id)).toEqual(renamed);
    await expect(
      changeUser(deps(), { user_id: id, change: { name: 'X' }, if_versions: [1] }),
    ).rejects.toEqual(coded('precondition.failed'));
  });

  it('keeps its name when what was to be written with it is refused', async () => {
    const id = await newUser();
    const renaming = changeUser(deps(), {
      user_id: id,
      change: { name: 'Grace' },
      also: () => Promise.reject(new Error('refused')),
    });
    await expect(renaming).rejects.toThrow('refused');
    expect((await getUser(store, id)).name).toBe('Ada');
  });

  it('is shown whole to himself and to administrators only (USER-2)', async () => {
    const [ada, bob] = [await newUser(), await newUser()];
    const root = await newUser({ roles: ['user', 'admin'] });
    const gone = await newUser({ roles: ['user', 'admin'], deleted_at: '2026-01-01T00:00:00.000Z' });
    const as = async (viewer: UserId, id: UserId) => (await seeUser(store, viewer, id)).as;
    expect(await as(ada, ada)).toBe('self');
    expect(await as(bob, ada)).toBe('other');
    expect(await as(root, ada)).toBe('admin');
    expect(await as(gone, ada)).toBe('other');
    expect(await as(asUserId(environment.ids.uuid()), ada)).toBe('other');
  });

  it('has the roles that an administrator gives him (USER-3)', async () => {
    const id = await newUser();
    expect(await putRoles(deps(), { user_id: id, from, roles: ['user', 'admin'] })).toMatchObject({
      version: 2,
    });
    expect(await putRoles(deps(), { user_id: id, from, roles: ['admin', 'user'] })).toMatchObject({
      version: 2,
    });
    expect(await putRoles(deps(), { user_id: id, from, roles: ['user'] })).toMatchObject({ roles: ['user'] });
  });
});

describe('a suspension (USER-4)', () => {
  const by = asUserId('00000000-0000-4000-8000-00000000000b');

  async function signedIn(sessions: number): Promise<UserId> {
    const id = await newUser();
    const at = new Date(environment.clock.now()).toISOString();
    await store.transact({ label: 'spec' }, async (tx) => {
      for (let i = 0; i < sessions; i += 1) {
        const session = {
          user_id: id,
          created_at: at,
          last_used_at: at,
          expires_at: '2027-01-01T00:00:00.000Z',
        };
        tx.put('sessions', { id: environment.ids.uuid() as never, ...session });
      }
    });
    return id;
  }

  it('ends every session, tells of each revocation after commit, and keeps what is his', async () => {
    const id = await signedIn(450);
    const other = await signedIn(1);
    const announced: string[] = [];
    const announce = ({ kind, value }: { kind: string; value: string }) => announced.push(`${kind} ${value}`);
    const user = await suspendUser({ ...deps(), announce }, { user_id: id, by, reason: 'spam' });
    expect(user).toMatchObject({ name: 'Ada', suspension: { reason: 'spam', by }, version: 2 });
    expect(announced.filter((text) => text === `user ${id}`).length).toBeGreaterThan(0);
    expect(new Set(announced).size).toBe(451);
    const left = await store.read({ label: 'spec' }, (tx) => tx.range('sessions', { prefix: [], limit: 10 }));
    expect(left.map(({ user_id }) => user_id)).toEqual([other]);
    const revocation = await store.read({ label: 'spec' }, (tx) => tx.get('revocations', ['user', id]));
    expect(revocation?.not_before).toBe(user.suspension?.at);
  });

  it('ends at a time in the future, or when it is lifted', async () => {
    const id = await newUser();
    const past = '2025-12-31T00:00:00.000Z';
    await expect(suspendUser(deps(), { user_id: id, by, reason: 'x', until: past })).rejects.toEqual(
      coded('field.invalid'),
    );
    const until = '2026-02-01T01:00:00+01:00';
    const { suspension } = await suspendUser(deps(), { user_id: id, by, reason: 'x', until });
    expect(suspension?.until).toBe('2026-02-01T00:00:00.000Z');
    expect(await liftSuspension(deps(), { user_id: id, from })).not.toHaveProperty('suspension');
    expect(await liftSuspension(deps(), { user_id: id, from })).toMatchObject({ version: 3 });
  });
});

describe('an inventory (USER-6)', () => {
  const somebody = asUserId('00000000-0000-4000-8000-00000000000c');

  async function newPrototype(owner_id: UserId, fields: Partial<PrototypeDoc> = {}): Promise<PrototypeId> {
    const id = asPrototypeId(environment.ids.uuid());
    const at = new Date(environment.clock.now()).toISOString();
    await store.transact({ label: 'spec' }, async (tx) =>
      tx.put('prototypes', {
        ...{ id, owner_id, kind: 'single', name: 'lamp', tags: [], kept: 1 },
        ...{ is_public: true, is_deprecated: false, is_deleted: false },
        ...{ version: 1, created_at: at, updated_at: at },
        ...fields,
      }),
    );
    return id;
  }
  const pin = (user_id: UserId, prototype_id: PrototypeId) =>
    pinPrototype(deps(), { user_id, prototype_id, source: 'pinned' });

  it('keeps since when something is in it, though not where it is from', async () => {
    const user_id = await newUser();
    const [one, two] = [await newPrototype(somebody), await newPrototype(somebody)];
    const brane_id = environment.ids.uuid() as never;
    await pinPrototype(deps(), { user_id, prototype_id: one, source: 'pinned', from: { brane_id } });
    await environment.advance(1_000);
    await pin(user_id, two);
    await pinPrototype(deps(), { user_id, prototype_id: one, source: 'gift' });
    const { items } = await listInventory(store, { user_id, limit: 10 });
    expect(items).toEqual([
      { prototype_id: one, source: 'gift', added_at: '2026-01-01T00:00:00.000Z' },
      { prototype_id: two, source: 'pinned', added_at: '2026-01-01T00:00:01.000Z' },
    ]);
    expect(await getUser(store, user_id)).toMatchObject({ inventory: 2, version: 1 });
    await unpinPrototype(deps(), { user_id, prototype_id: one });
    await expect(unpinPrototype(deps(), { user_id, prototype_id: one })).rejects.toEqual(
      coded('inventory.not_found'),
    );
    expect(await getUser(store, user_id)).toMatchObject({ inventory: 1 });
  });

  it.each([1, 2, 3, 50])('has what is his own among the rest, each once, %i on a page', async (limit) => {
    const user_id = await newUser();
    const wanted: string[] = [];
    for (let i = 0; i < 12; i += 1) {
      await environment.advance(1_000);
      const own = await newPrototype(user_id);
      // Long stretches of what he owns and has pinned as well.
      if (i < 8) await pin(user_id, own);
      wanted.push(`owned ${own}`);
      if (i % 3 !== 0) continue;
      const other = await newPrototype(somebody);
      await environment.advance(1_000);
      await pin(user_id, other);
      wanted.push(`pinned ${other}`);
    }
    const seen: string[] = [];
    for (let after: InventoryPage['next']; ;) {
      const page = await listInventory(store, { user_id, limit, ...(after && { after }) });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      seen.push(...page.items.map(({ source, prototype_id }) => `${source} ${prototype_id}`));
      if (!page.next) break;
      after = page.next;
    }
    expect(seen).toEqual(wanted);
  });

  it('takes what its user may see, and nothing that is deleted', async () => {
    const user_id = await newUser();
    const hidden = await newPrototype(somebody, { is_public: false });
    await expect(pin(user_id, hidden)).rejects.toEqual(coded('prototype.not_found'));
    const nothing = asPrototypeId(environment.ids.uuid());
    await expect(pin(user_id, nothing)).rejects.toEqual(coded('prototype.not_found'));
    const deleted = await newPrototype(somebody, { is_deleted: true });
    await expect(pin(user_id, deleted)).rejects.toEqual(coded('prototype.deleted'));
  });

  it('is bounded, and nobody’s who is gone', async () => {
    const prototype = await newPrototype(somebody);
    const full = await newUser({ inventory: INVENTORY_ITEMS });
    await expect(pin(full, prototype)).rejects.toEqual(coded('inventory.full'));
    const gone = await newUser({ deleted_at: '2026-01-01T00:00:00.000Z' });
    await expect(pin(gone, prototype)).rejects.toEqual(coded('user.not_found'));
  });
});
