import { asEpoch, type ObjectId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { type CollectionName, type Store, StoreError } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { edit, makeBrane, newBlock, rename, storedObjects, user } from '../test-support/branes.spec-support';
import { objectsOf } from '../test-support/checkpoints.spec-support';
import { bound, createWriter } from '../test-support/writer.spec-support';
import { buildCheckpoint } from './build-checkpoint';
import { readCheckpoint, readCheckpointPosition, readState } from './read-checkpoint';
import { sweepCheckpointGarbage } from './sweep-garbage';

const DAY = 24 * 3_600_000;
const COLLECTIONS = [
  'checkpoints',
  'checkpoint_pages',
  'checkpoint_chunks',
  'checkpoint_garbage',
  'checkpoint_due',
] as const satisfies readonly CollectionName[];

async function setUp() {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const writer = createWriter({ environment, store });
  const { committer, ids } = writer;
  const brane = await makeBrane(committer, ids);
  const blocks = Array.from({ length: 400 }, () => ids.object());
  for (let start = 0; start < blocks.length; start += 100) {
    const some = blocks.slice(start, start + 100);
    await edit(
      committer,
      ids,
      brane,
      some.map((id) => newBlock(id, brane.root)),
    );
  }
  const build = () => buildCheckpoint({ store, environment }, brane.id, { force: true });
  await build();
  return { ...writer, store, environment, brane, blocks: blocks as [ObjectId, ...ObjectId[]], build };
}

/** The store, whose reads of that label fail. */
function failing(store: Store, label: string, error: () => Error): Store {
  const base = bound(store);
  const read: Store['read'] = (options, callback) =>
    options.label === label ? Promise.reject(error()) : base.read(options, callback);
  return { ...base, read };
}

describe('reading a checkpoint', () => {
  it('gives its chunks, without those that the reader holds (R2)', async () => {
    const { store, brane, build, committer, ids, blocks } = await setUp();
    const first = await readCheckpoint(store, brane.id);
    expect(first && objectsOf(first)).toEqual(await storedObjects(store, brane.id));
    await edit(committer, ids, brane, [rename(blocks[0], 'touched')]);
    await build();
    const held = new Map(first?.chunks.map((chunk) => [chunk.key, chunk]));
    const second = await readCheckpoint(store, brane.id, { known: (key) => held.get(key) });
    expect(second?.chunks.filter((chunk) => held.get(chunk.key) !== chunk)).toHaveLength(1);
    expect(second && objectsOf(second)).toEqual(await storedObjects(store, brane.id));
    expect(await readCheckpointPosition(store, brane.id)).toMatchObject({ seq: 6, objects: 401 });
  });

  it('begins again when its chunks are swept away under its hands (CP-3)', async () => {
    const { store, brane, build, committer, ids, blocks, environment } = await setUp();
    let once = true;
    const swept: Store = {
      ...bound(store),
      read: async (options, callback) => {
        if (options.label === 'checkpoint.chunks' && once) {
          once = false;
          await edit(
            committer,
            ids,
            brane,
            blocks.slice(0, 100).map((id) => rename(id, 'x')),
          );
          await build();
          await environment.advance(DAY);
          while ((await sweepCheckpointGarbage(store, environment.clock.now())) > 0);
        }
        return store.read(options, callback);
      },
    };
    const state = await readCheckpoint(swept, brane.id);
    expect(state).toMatchObject({ seq: 6 });
    expect(state && objectsOf(state)).toEqual(await storedObjects(store, brane.id));
  });

  it('serves none that is damaged, and the next build does without it (CP-4)', async () => {
    const { store, brane, environment, committer, ids } = await setUp();
    const corrupt = (): StoreError => new StoreError('corrupt', 'a flipped bit');
    const damaged = failing(store, 'checkpoint.chunks', corrupt);
    expect(await readCheckpoint(damaged, brane.id)).toBeUndefined();
    expect(await readState(damaged, brane.id)).toMatchObject({ seq: 5, from: 'objects' });
    await edit(committer, ids, brane, [rename(brane.root, 'touched')]);
    const outcome = await buildCheckpoint({ store: damaged, environment }, brane.id, { force: true });
    expect(outcome).toMatchObject({ kind: 'built', seq: 6, objects: 401, anew: true });
    const state = await readCheckpoint(store, brane.id);
    expect(state && objectsOf(state)).toEqual(await storedObjects(store, brane.id));
  });

  it('serves none of another epoch, nor one whose log is gone (CP-4, L3)', async () => {
    const { store, brane, build } = await setUp();
    const change = (over: object): Promise<void> =>
      store.transact({ label: 'test' }, async (tx) => {
        const head = await tx.get('heads', [brane.id]);
        if (head) tx.put('heads', { ...head, ...over });
      });
    await change({ epoch: asEpoch('restored') });
    expect(await readCheckpoint(store, brane.id)).toBeUndefined();
    expect(await readCheckpointPosition(store, brane.id)).toBeUndefined();
    expect(await build()).toMatchObject({ kind: 'built', seq: 5, anew: true });
    expect(await readCheckpoint(store, brane.id)).toMatchObject({ seq: 5, epoch: 'restored' });
    await change({ seq: 9, log_floor: 8 });
    expect(await readCheckpoint(store, brane.id)).toBeUndefined();
  });

  it('finds nothing after a purge (CP-5, L7)', async () => {
    const { store, brane, committer, ids, environment, build } = await setUp();
    await edit(committer, ids, brane, [rename(brane.root, 'leaves garbage')]);
    await build();
    const left = async () =>
      Promise.all(
        COLLECTIONS.map((name) =>
          store.read(
            { label: 'test' },
            async (tx) => (await tx.range(name, { prefix: [], limit: 100 })).length,
          ),
        ),
      );
    expect((await left()).slice(0, 4).every((count) => count > 0)).toBe(true);
    await committer.administer({
      brane_id: brane.id,
      actor: user(brane.owner),
      op_id: ids.op(),
      ops: [{ op: 'set_status', status: 'deleted' }],
    });
    await environment.advance(31 * DAY);
    while (!(await committer.purge(brane.id, 100)));
    expect(await left()).toEqual([0, 0, 0, 0, 0]);
    expect(await build()).toEqual({ kind: 'gone' });
    expect(await readCheckpoint(store, brane.id)).toBeUndefined();
  });
});
