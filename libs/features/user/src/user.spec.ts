import { asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { getUser } from './get-user';
import { renameUser } from './rename-user';

const coded = (code: string): unknown => expect.objectContaining({ code });

describe('a user', () => {
  const id = asUserId('00000000-0000-4000-8000-00000000000a');
  let environment: FakeEnvironment;
  let store: Store;

  beforeEach(async () => {
    environment = createFakeEnvironment();
    store = createMemoryStore({ environment });
    const at = new Date(environment.clock.now()).toISOString();
    await store.transact({ label: 'spec' }, async (tx) =>
      tx.put('users', { id, name: 'Ada', roles: ['user'], version: 1, created_at: at, updated_at: at }),
    );
  });

  it('is read, or is not there', async () => {
    expect(await getUser(store, id)).toMatchObject({ name: 'Ada', version: 1 });
    const nobody = asUserId(environment.ids.uuid());
    await expect(getUser(store, nobody)).rejects.toEqual(coded('user.not_found'));
  });

  it('takes another name, and is a version further', async () => {
    await environment.advance(1_000);
    const deps = { store, clock: environment.clock };
    const renamed = await renameUser(deps, { user_id: id, name: 'Grace', if_versions: [1] });
    expect(renamed).toMatchObject({ name: 'Grace', version: 2, updated_at: '2026-01-01T00:00:01.000Z' });
    expect(await getUser(store, id)).toEqual(renamed);
    await expect(renameUser(deps, { user_id: id, name: 'X', if_versions: [1] })).rejects.toEqual(
      coded('precondition.failed'),
    );
  });

  it('keeps its name when what was to be written with it is refused', async () => {
    const renaming = renameUser(
      { store, clock: environment.clock },
      { user_id: id, name: 'Grace', also: () => Promise.reject(new Error('refused')) },
    );
    await expect(renaming).rejects.toThrow('refused');
    expect((await getUser(store, id)).name).toBe('Ada');
  });
});
