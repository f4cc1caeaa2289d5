import {
  checkBrane,
  type Committer,
  createCommitter,
  operationKinds,
  readMeta,
  workOperation,
} from '@state-server/commit';
import {
  asOpId,
  asPrototypeId,
  asUserId,
  type BraneId,
  type PrototypeId,
  type Role,
  type UserId,
} from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { type Store, StoreError } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { deleteUser } from './delete-user';
import { userDeletion } from './delete-user.operation';

export interface World {
  readonly environment: FakeEnvironment;
  readonly store: Store;
  readonly committer: Committer;
  user(): Promise<UserId>;
  prototype(owner: UserId, isPublic: boolean): Promise<PrototypeId>;
  /** Made by the first of them, its owner; the others join one second after the other. */
  brane(...members: readonly (readonly [UserId, Role])[]): Promise<BraneId>;
  remove(user: UserId): Promise<string>;
  /** Another process each time. */
  work(id: string, through?: Store): Promise<unknown>;
}

export function createWorld(): World {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const writer = (through: Store): Committer =>
    createCommitter({
      store: through,
      environment,
      publish: () => undefined,
      writerId: environment.ids.uuid(),
    });
  const committer = writer(store);
  const op = () => asOpId(environment.ids.uuid());
  return {
    environment,
    store,
    committer,
    user: async () => {
      const id = asUserId(environment.ids.uuid());
      const at = new Date(environment.clock.now()).toISOString();
      await store.transact({ label: 'spec' }, async (tx) => {
        const personal = { name: 'Ada', email: 'ada@x.test', avatar: 'https://x.test/a', locale: 'de' };
        tx.put('users', { id, ...personal, roles: ['user'], version: 1, created_at: at, updated_at: at });
        tx.put('identities', { provider: 'dev', subject: `name:${id}`, user_id: id });
        const session = { created_at: at, last_used_at: at, expires_at: '2027-01-01T00:00:00.000Z' };
        tx.put('sessions', { id: environment.ids.uuid() as never, user_id: id, ...session });
      });
      return id;
    },
    prototype: async (owner_id, is_public) => {
      const id = asPrototypeId(environment.ids.uuid());
      const at = new Date(environment.clock.now()).toISOString();
      await store.transact({ label: 'spec' }, async (tx) =>
        tx.put('prototypes', {
          ...{ id, owner_id, kind: 'single', name: 'lamp', tags: [], kept: 1, is_public },
          ...{ is_deprecated: false, is_deleted: false, version: 1, created_at: at, updated_at: at },
        }),
      );
      return id;
    },
    brane: async (...members) => {
      const [[owner] = [asUserId('')], ...others] = members;
      const actor = { kind: 'user', user_id: owner } as const;
      const brane = { op_id: op(), name: 'town', visibility: 'private' } as const;
      const { meta } = await committer.createBrane(actor, brane);
      for (const [user_id, role] of others) {
        await environment.advance(1_000);
        const ops = [{ op: 'set_member', user_id, role }] as const;
        await committer.administer({ brane_id: meta.id, actor, op_id: op(), ops });
      }
      return meta.id;
    },
    remove: async (user_id) => {
      const ids = { op_id: op(), operation_id: environment.ids.uuid() };
      const deleted = await deleteUser({ store, environment }, { user_id, if_versions: [1], ...ids });
      return deleted.operation.id;
    },
    work: async (id, through = store) => {
      const kinds = operationKinds([
        userDeletion({ store: through, environment, committer: writer(through) }),
      ]);
      const deps = { store: through, environment, kinds, runner: environment.ids.uuid() };
      return workOperation(deps, id);
    },
  };
}

/** Dies at the n-th write: before it, or after it without anybody hearing of it. Reads nothing more from then on. */
export function mortal(
  store: Store,
  writes: number,
  when: 'before' | 'after',
): Store & { readonly dead: boolean } {
  const state = { left: writes, dead: false };
  const killed = (): Error => new StoreError('unavailable', 'killed');
  return {
    kind: store.kind,
    get dead() {
      return state.dead;
    },
    transact: async (options, callback) => {
      if (state.dead) throw killed();
      state.left -= 1;
      if (state.left > 0) return store.transact(options, callback);
      if (when === 'after') await store.transact(options, callback);
      state.dead = true;
      throw killed();
    },
    read: (options, callback) => (state.dead ? Promise.reject(killed()) : store.read(options, callback)),
    check: () => store.check(),
    close: () => Promise.resolve(),
  };
}

export const metaOf = async ({ store }: World, id: BraneId) => {
  const meta = await readMeta(store, id);
  if (!meta) throw new Error(`no brane ${id}`);
  return meta;
};

export async function assertSound({ store }: World, id: BraneId): Promise<void> {
  const faults: unknown[] = [];
  await checkBrane(store, id, { onFault: (fault) => faults.push(fault) });
  expect(faults).toEqual([]);
}

export async function entries({ store }: World, id: BraneId): Promise<number> {
  return (await store.read({ label: 'spec' }, (tx) => tx.range('log', { prefix: [id], limit: 100 }))).length;
}
