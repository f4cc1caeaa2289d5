import type { PrototypeId, UserId } from '@state-server/domain';
import { deletePrototype, updatePrototype } from './change-prototype';
import { authoriseOwner, findPrototype } from './find-prototype';
import { instantiatePrototype } from './instantiate-prototype';
import { listPrototypes } from './list-prototypes';
import { coded, openWorkshop, type Workshop } from './prototypes.spec-support';
import { readVersion } from './read-version';
import { upgradeObject } from './upgrade-object';

type Flags = 'private' | 'public' | 'deprecated' | 'private, deprecated' | 'deleted' | 'private, deleted';
type Who = 'owner' | 'stranger';

interface Cell {
  readonly see: string;
  readonly find: boolean;
  readonly change: string;
  readonly latest: string;
  readonly named: string;
  readonly upgrade: string;
}

const ALL = { see: 'ok', find: true, change: 'ok', latest: 'ok', named: 'ok', upgrade: 'ok' } as const;
const NOTHING = {
  see: 'prototype.not_found',
  find: false,
  change: 'prototype.not_found',
  latest: 'prototype.not_found',
  named: 'prototype.not_found',
  upgrade: 'prototype.not_found',
} as const;
const GONE = {
  see: 'prototype.deleted',
  find: false,
  change: 'prototype.deleted',
  latest: 'prototype.deleted',
  named: 'prototype.deleted',
  upgrade: 'prototype.deleted',
} as const;

/** The table of docs/spec/prototypes.md. */
const TABLE: Readonly<Record<Flags, Readonly<Record<Who, Cell>>>> = {
  private: { owner: ALL, stranger: NOTHING },
  public: { owner: ALL, stranger: { ...ALL, change: 'permission.denied' } },
  deprecated: {
    owner: ALL,
    stranger: { ...ALL, find: false, change: 'permission.denied', latest: 'prototype.deprecated' },
  },
  'private, deprecated': { owner: ALL, stranger: NOTHING },
  deleted: { owner: GONE, stranger: GONE },
  'private, deleted': { owner: GONE, stranger: NOTHING },
};

const CELLS = Object.entries(TABLE).flatMap(([flags, row]) =>
  Object.entries(row).map(([who, cell]) => [flags as Flags, who as Who, cell] as const),
);

describe('the flags of a prototype', () => {
  let shop: Workshop;
  beforeEach(async () => {
    shop = await openWorkshop();
  });
  afterEach(() => shop.close());

  const code = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work;
      return 'ok';
    } catch (error) {
      return String((error as { readonly code?: unknown }).code);
    }
  };
  const flag = async (id: PrototypeId, flags: Flags): Promise<void> => {
    const input = { user_id: shop.owner, id };
    const [is_public, is_deprecated] = [!flags.startsWith('private'), flags.endsWith('deprecated')];
    await updatePrototype(shop.deps, { ...input, is_public, is_deprecated });
    if (flags.endsWith('deleted')) await deletePrototype(shop.deps, input);
  };
  const make = (id: PrototypeId, user_id: UserId, version?: number): Promise<unknown> =>
    instantiatePrototype(shop.deps, {
      user_id,
      op_id: shop.newOp(),
      brane_id: shop.braneId,
      prototype_id: id,
      id: shop.newId(),
      parent_id: shop.braneId,
      ...(version === undefined ? {} : { version }),
    });

  it.each(CELLS)('%s: what the %s may do (PROTO-1, PROTO-2)', async (flags, who, cell) => {
    const { id } = await shop.prototype();
    await shop.publish(id);
    const [old] = await shop.instantiate(id);
    if (!old) throw new Error('no instance');
    await shop.publish(id);
    const user_id = who === 'owner' ? shop.owner : shop.stranger;
    await shop.committer.administer({
      brane_id: shop.braneId,
      actor: { kind: 'user', user_id: shop.owner },
      op_id: shop.newOp(),
      ops: [{ op: 'set_member', user_id: shop.stranger, role: 'editor' }],
    });
    await flag(id, flags);
    const scope = who === 'owner' ? 'own' : 'public';
    const list = await listPrototypes(shop.store, { user_id, scope, order: 'newest', limit: 10 });
    const found: Cell = {
      see: await code(findPrototype(shop.store, user_id, id)),
      find: list.items.some((item) => item.id === id),
      change: await code(authoriseOwner(shop.store, user_id, id)),
      latest: await code(make(id, user_id)),
      named: await code(make(id, user_id, 1)),
      upgrade: await code(upgradeObject(shop.deps, { user_id, op_id: shop.newOp(), id: old.id })),
    };
    expect(found).toEqual(cell);
    // Old ones live on, whatever the flags: they can be edited, and undone.
    await shop.edit({ op: 'update', id: old.id, set: { '/name': 'still here' } });
  });

  it('leave a version readable for whoever sees a brane that holds an instance of it (PROTO-3)', async () => {
    const { id } = await shop.prototype();
    await shop.publish(id);
    await shop.instantiate(id);
    await shop.publish(id);
    await flag(id, 'private, deleted');
    const read = (user_id: UserId, version: number, brane = true): Promise<string> =>
      code(readVersion(shop.store, { user_id, id, version, ...(brane ? { brane_id: shop.braneId } : {}) }));
    expect(await read(shop.owner, 1)).toBe('ok');
    // Not the one that no instance there stands on, and not without the brane.
    expect(await read(shop.owner, 2)).toBe('prototype.deleted');
    expect(await read(shop.owner, 1, false)).toBe('prototype.deleted');
    expect(await read(shop.stranger, 1)).toBe('prototype.not_found');
  });

  it('are the owner’s to change, at the version that he has seen (PROTO-1)', async () => {
    const { id, version } = await shop.prototype({ is_public: true });
    const change = { id, name: 'mine' };
    await expect(updatePrototype(shop.deps, { ...change, user_id: shop.stranger })).rejects.toEqual(
      coded('permission.denied'),
    );
    const input = { ...change, user_id: shop.owner, if_versions: [version] };
    expect(await updatePrototype(shop.deps, input)).toMatchObject({ name: 'mine', version: version + 1 });
    await expect(updatePrototype(shop.deps, input)).rejects.toEqual(coded('precondition.failed'));
    await expect(shop.prototype({ id })).rejects.toEqual(coded('id.taken'));
  });

  it('of a prototype without a version: nothing can be made of it (PROTO-4)', async () => {
    const { id } = await shop.prototype({ is_public: true });
    await expect(make(id, shop.owner)).rejects.toEqual(coded('prototype.unpublished'));
    await shop.publish(id);
    await expect(make(id, shop.owner, 2)).rejects.toEqual(coded('prototype.version_not_found'));
  });
});
