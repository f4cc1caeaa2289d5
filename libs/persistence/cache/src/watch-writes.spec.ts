import { asBraneId, asEpoch, asObjectId, asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import {
  type Changes,
  type HeadDoc,
  type Store,
  StoreError,
  type UserDoc,
} from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { decodeChanges, encodeChanges } from './notices';
import { watchWrites } from './watch-writes';

const environment = createFakeEnvironment();
const { ids } = environment;
const at = '2026-01-01T00:00:00.000Z';
const braneId = asBraneId(ids.uuid());
const userId = asUserId(ids.uuid());
const epoch = asEpoch('e');
const head = (seq: number): HeadDoc => ({
  ...{ brane_id: braneId, epoch, seq, at, status: 'live', objects: 1, log_floor: 1, dedupe_floor: 1 },
});
const user = (version: number): UserDoc => ({
  ...{ id: userId, name: 'Ada', roles: ['user'], version, created_at: at, updated_at: at },
});

describe('a store whose writes are watched', () => {
  const heard: Changes[] = [];
  const store = createMemoryStore({ environment });
  const watched = watchWrites(store, (changes) => heard.push(changes));
  beforeEach(() => heard.splice(0));

  it('tells where scopes stand, before whoever wrote goes on (CACHE-11)', async () => {
    const writing = watched
      .transact({ label: 'spec' }, async (tx) => {
        tx.put('heads', head(1));
        tx.put('heads', head(2));
        tx.put('users', user(1));
      })
      .then(() => heard.length);
    expect(await writing).toBe(1);
    expect(heard).toEqual([
      {
        places: [
          { scope: `brane:${braneId}`, epoch: 'e', seq: 2 },
          { scope: `user:${userId}`, epoch: '', seq: 1 },
        ],
        doubtful: [],
        ids: true,
      },
    ]);
  });

  it('says nothing of what was not committed, and of each attempt only what the last one did (CACHE-11)', async () => {
    await expect(
      watched.transact({ label: 'spec' }, async (tx) => {
        tx.put('heads', head(9));
        throw new Error('refused');
      }),
    ).rejects.toThrow('refused');
    expect(heard).toEqual([]);
    let attempt = 0;
    const twice: Store = {
      ...watchWrites(
        {
          ...plain(store),
          transact: async (options, callback) => {
            await store.transact(options, callback).catch(() => undefined);
            return store.transact(options, callback);
          },
        },
        (changes) => heard.push(changes),
      ),
    };
    await twice.transact({ label: 'spec' }, async (tx) => {
      attempt += 1;
      tx.put('heads', head(attempt === 1 ? 40 : 3));
    });
    expect(heard.flatMap(({ places }) => places.map(({ seq }) => seq))).toEqual([3]);
  });

  it('doubts what was deleted, and what a commit of unknown outcome has touched (CACHE-11, I2)', async () => {
    await watched.transact({ label: 'spec' }, async (tx) => tx.delete('users', [userId]));
    const lost = watchWrites(
      {
        ...plain(store),
        transact: async (options, callback) => {
          await store.transact(options, callback);
          throw new StoreError('outcome_unknown', 'nobody knows');
        },
      },
      (changes) => heard.push(changes),
    );
    const writing = lost.transact({ label: 'spec' }, async (tx) => tx.put('heads', head(4)));
    await expect(writing).rejects.toThrow('nobody knows');
    expect(heard).toEqual([
      { places: [], doubtful: [`user:${userId}`], ids: true },
      { places: [], doubtful: [`brane:${braneId}`], ids: false },
    ]);
  });

  it('is silent about what nothing cached depends on, and reads what is stored', async () => {
    await watched.transact({ label: 'spec' }, async (tx) => {
      tx.put('meta', { key: 'k', value: 1 });
    });
    expect(heard).toEqual([]);
    expect(await watched.read({ label: 'spec' }, (tx) => tx.get('meta', ['k']))).toMatchObject({ value: 1 });
    await watched.transact({ label: 'spec' }, async (tx) => {
      tx.put('object_ids', { id: asObjectId(ids.uuid()), brane_id: braneId, version: 1 });
    });
    expect(heard).toEqual([{ places: [], doubtful: [], ids: true }]);
  });
});

function plain(store: Store): Store {
  return {
    kind: store.kind,
    transact: (options, callback) => store.transact(options, callback),
    read: (options, callback) => store.read(options, callback),
    check: () => store.check(),
    close: () => store.close(),
  };
}

it('carries changes over the bus, and takes nothing else for one (CACHE-11)', () => {
  const changes: Changes = {
    places: [{ scope: 'brane:b', epoch: 'e', seq: 7 }],
    doubtful: ['user:u'],
    ids: true,
  };
  expect(decodeChanges(encodeChanges(changes))).toEqual(changes);
  expect(decodeChanges(Uint8Array.of(0xff, 1, 2))).toBeUndefined();
  expect(decodeChanges(encodeChanges({ ...changes, ids: 1 as unknown as boolean }))).toBeUndefined();
  const broken = [{ scope: 'x', epoch: 'e', seq: -1 }, ...changes.places];
  expect(decodeChanges(encodeChanges({ ...changes, places: broken }))).toEqual(changes);
});
