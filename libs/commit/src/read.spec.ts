import { asEpoch } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { StoreError, type Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { decodeEntryOps } from './frame';
import { readBrane, readChildren, readHead, readMeta, readObject } from './read';
import { readLog } from './read-log';
import { readSnapshot } from './read-snapshot';
import {
  at,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  rename,
  storedLog,
} from './test-support/branes.spec-support';
import { bound, createWriter, refusal } from './test-support/writer.spec-support';

async function setUp() {
  const environment = createFakeEnvironment();
  const writer = createWriter({ environment, store: createMemoryStore({ environment }) });
  const { committer, ids, store } = writer;
  const brane = await makeBrane(committer, ids);
  const group = ids.object();
  const blocks = Array.from({ length: 7 }, () => ids.object());
  await edit(committer, ids, brane, [
    newGroup(group, brane.root),
    ...blocks.map((id) => newBlock(id, group)),
  ]);
  const epoch = (await readHead(store, brane.id))?.epoch ?? asEpoch('none');
  return { ...writer, brane, group, blocks, epoch };
}

describe('reading the log', () => {
  it('gives the frames as they were published, from the seq on and within the limits', async () => {
    const { committer, store, ids, brane, epoch, published } = await setUp();
    for (let i = 0; i < 5; i += 1) await edit(committer, ids, brane, [rename(brane.root, `${i}`)]);
    const slice = await readLog(store, brane.id, { epoch, after: 2, limit: 3 });
    expect(slice).toMatchObject({ kind: 'entries', head: { epoch, seq: 7 } });
    const entries = slice.kind === 'entries' ? slice.entries : [];
    expect(entries).toEqual(published.slice(2, 5).map(({ message }) => message));
    const cut = await readLog(store, brane.id, { epoch, after: 0, limit: 100, maxBytes: 1 });
    expect(cut.kind === 'entries' && cut.entries.map((entry) => entry.seq)).toEqual([1]);
    const none = await readLog(store, brane.id, { epoch, after: 7, limit: 100 });
    expect(none).toMatchObject({ kind: 'entries', entries: [] });
  });

  it('says when a snapshot is needed instead (L3, R3)', async () => {
    const { committer, store, ids, brane, epoch } = await setUp();
    await edit(committer, ids, brane, [rename(brane.root, 'x')]);
    const read = (range: { epoch?: typeof epoch; after: number }) =>
      readLog(store, brane.id, { limit: 10, ...range });
    expect(await read({ epoch: asEpoch('another'), after: 1 })).toMatchObject({
      kind: 'snapshot',
      reason: 'epoch',
    });
    expect(await read({ epoch, after: 4 })).toMatchObject({ kind: 'snapshot', reason: 'ahead' });
    await store.transact({ label: 'test' }, async (tx) => {
      const head = await tx.get('heads', [brane.id]);
      if (head) tx.put('heads', { ...head, log_floor: 3 });
    });
    expect(await read({ epoch, after: 1 })).toMatchObject({ kind: 'snapshot', reason: 'below_floor' });
    expect(await read({ epoch, after: 2 })).toMatchObject({ kind: 'entries' });
    expect(await read({ after: 2 })).toMatchObject({ kind: 'entries' });
  });

  it('reads long logs in pages', async () => {
    const { committer, store, ids, brane } = await setUp();
    const many = Array.from({ length: 450 }, (_, i) =>
      edit(committer, ids, brane, [rename(brane.root, `${i}`)]),
    );
    await Promise.all(many);
    const slice = await readLog(store, brane.id, { after: 0, limit: 1_000 });
    const entries = slice.kind === 'entries' ? slice.entries : [];
    expect(entries.map((entry) => entry.seq)).toEqual(Array.from({ length: 452 }, (_, i) => i + 1));
  });

  it('holds ops that say all: ids, order and versions', async () => {
    const { store, brane, blocks } = await setUp();
    const [, entry] = await storedLog(store, brane.id);
    const ops = entry ? decodeEntryOps(entry.frame) : [];
    expect(ops).toHaveLength(8);
    expect(ops[7]).toMatchObject({ op: 'create', object: { id: blocks[6], version: 1, seq: 2 } });
    expect(ops[7]?.op === 'create' && ops[7].object.transform).toBeInstanceOf(Float32Array);
  });
});

describe('reading a brane', () => {
  it('as a whole, from one snapshot of the store', async () => {
    const { store, brane, epoch, committer, ids } = await setUp();
    let pages = 0;
    const racing: Store = {
      ...bound(store),
      read: (options, callback) =>
        store.read(options, (tx) =>
          callback({
            get: (collection, key) => tx.get(collection, key),
            getMany: (collection, keys) => tx.getMany(collection, keys),
            range: async (collection, range) => {
              const page = await tx.range(collection, range);
              // Somebody edits between any two pages.
              pages += 1;
              await edit(committer, ids, brane, [newBlock(ids.object(), brane.root)]);
              return page;
            },
          }),
        ),
    };
    const snapshot = await readSnapshot(racing, brane.id, { pageSize: 2 });
    expect(pages).toBeGreaterThan(3);
    expect(snapshot).toMatchObject({ head: { epoch, seq: 2 }, meta: { name: 'a brane' } });
    expect(snapshot?.objects).toHaveLength(9);
  });

  it('lets the event loop breathe while it reads a large one', async () => {
    const { environment, store, brane } = await setUp();
    let ms = 0;
    const clock = { ...environment.clock, monotonic: () => (ms += 5) };
    let done = false;
    const options = { pageSize: 1, environment: { clock, timers: environment.timers } };
    const reading = readSnapshot(store, brane.id, options).then((snapshot) => {
      done = true;
      return snapshot;
    });
    await environment.settle();
    expect(done).toBe(false);
    await environment.advance(10);
    expect((await reading)?.objects).toHaveLength(9);
  });

  it('answers nothing for what is not there', async () => {
    const { store, ids } = await setUp();
    const nobody = ids.object() as Parameters<typeof readHead>[1];
    const answers = [
      await readHead(store, nobody),
      await readMeta(store, nobody),
      await readBrane(store, nobody),
      await readSnapshot(store, nobody),
      await readObject(store, nobody, ids.user()),
      await readChildren(store, nobody, nobody, { limit: 1 }),
      (await readLog(store, nobody, { after: 0, limit: 1 })).kind,
    ];
    expect(answers).toEqual([undefined, undefined, undefined, undefined, undefined, undefined, 'gone']);
  });

  it('tells a store that is away as such', async () => {
    const { store, brane } = await setUp();
    for (const code of ['unavailable', 'deadline'] as const) {
      const away: Store = { ...bound(store), read: () => Promise.reject(new StoreError(code, 'away')) };
      expect(await refusal(readHead(away, brane.id))).toBe('dependency.unavailable');
    }
  });
});

describe('reading objects', () => {
  it('finds one by its id alone, with its brane and whether it is deleted (I6, S1)', async () => {
    const { committer, store, ids, brane, group, blocks, epoch } = await setUp();
    const [block] = blocks;
    if (!block) throw new Error('no block');
    await edit(committer, ids, brane, [{ op: 'transform', id: block, transform: at(3) }]);
    const view = await readObject(store, block, brane.owner);
    expect(view).toMatchObject({
      object: { id: block, version: 2 },
      head: { epoch, seq: 3 },
      deleted: false,
    });
    expect(view?.meta.members).toEqual({ [brane.owner]: 'owner' });
    expect((await readObject(store, block, ids.user()))?.meta.members).toEqual({});
    await edit(committer, ids, brane, [{ op: 'delete', id: group }]);
    expect((await readObject(store, block, brane.owner))?.deleted).toBe(true);
  });

  it('pages through children in order and leaves marked ones out', async () => {
    const { committer, store, ids, brane, group, blocks } = await setUp();
    for (const id of [blocks[0], blocks[2], blocks[6]]) {
      if (id) await edit(committer, ids, brane, [{ op: 'delete', id }]);
    }
    const seen: string[] = [];
    let pages = 0;
    let after: { order: string; id: (typeof blocks)[number] } | undefined;
    do {
      const page = await readChildren(store, brane.id, group, { limit: 2, ...(after ? { after } : {}) });
      seen.push(...(page?.objects ?? []).map((object) => object.id));
      after = page?.next;
      pages += 1;
    } while (after);
    expect(seen).toEqual([blocks[1], blocks[3], blocks[4], blocks[5]]);
    expect(pages).toBeLessThanOrEqual(3);
  });
});
