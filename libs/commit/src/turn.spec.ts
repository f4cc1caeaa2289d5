import type { BraneId } from '@state-server/domain';
import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { readHead } from './read';
import {
  assertConsistent,
  edit,
  makeBrane,
  newBlock,
  rename,
  storedLog,
} from './test-support/branes.spec-support';
import { bound, createWriter, refusal } from './test-support/writer.spec-support';

function setUp() {
  const environment = createFakeEnvironment();
  const kv = createMemoryKv();
  const store = createMemoryStore({ environment, kv });
  /** Every group commit of this one takes `ms` between its last read and its commit. */
  const slow = (ms: number): Store => ({
    ...bound(store),
    transact: (options, callback) =>
      store.transact(options, async (tx) => {
        const result = await callback(tx);
        if (options.label === 'commit.group') {
          await new Promise<void>((resolve) => void environment.timers.set(ms, resolve));
        }
        return result;
      }),
  });
  const open = (writerId: string, over: Store = store) =>
    createWriter({ environment, store: over, writerId });
  const mark = (braneId: BraneId, writer: string, number: number) =>
    store.transact({ label: 'test' }, async (tx) => {
      const head = await tx.get('heads', [braneId]);
      if (head) tx.put('heads', { ...head, turn: { writer, mark: number } });
    });
  return { environment, store, slow, open, mark };
}

describe('turns between writers (L5)', () => {
  it('let a slow writer commit that would lose against a fast one for ever', async () => {
    const { environment, store, slow, open } = setUp();
    const [fast, late] = [open('fast'), open('late', slow(10))];
    const brane = await makeBrane(fast.committer, fast.ids);
    let done = false;
    let seq = 0;
    const wanted = edit(late.committer, late.ids, brane, [rename(brane.root, 'late')]).then((answer) => {
      done = true;
      seq = answer.seq;
    });
    let commits = 0;
    const hurry = async () => {
      while (!done) {
        await edit(fast.committer, fast.ids, brane, [rename(brane.root, `fast ${commits}`)]);
        commits += 1;
        await new Promise<void>((resolve) => void environment.timers.set(2, resolve));
      }
    };
    const hurrying = hurry();
    await environment.advance(200);
    await wanted;
    await hurrying;
    expect(late.metrics).toMatchObject({ conflict: 3, turnClaimed: 1 });
    // The fast one committed all the time, until the marker stood.
    expect(seq).toBeGreaterThan(6);
    await environment.advance(100);
    expect((await storedLog(store, brane.id)).length).toBeGreaterThanOrEqual(seq);
    await assertConsistent(store, brane.id);
  });

  it('are waited for 500 ms of the own clock, no longer: the writer may be dead', async () => {
    const { environment, store, open, mark } = setUp();
    const { committer, ids } = open('alive');
    const brane = await makeBrane(committer, ids);
    await mark(brane.id, 'dead', 7);
    let answered = false;
    const answer = edit(committer, ids, brane, [rename(brane.root, 'patient')]).then(() => (answered = true));
    await environment.advance(480);
    // The wall clock has nothing to say in this.
    environment.jump(3_600_000);
    expect(answered).toBe(false);
    await environment.advance(60);
    await answer;
    expect((await readHead(store, brane.id))?.turn).toBeUndefined();
    await assertConsistent(store, brane.id);
  });

  it('are waited for anew when the marker changes, and not at all when it goes', async () => {
    const { environment, store, open, mark } = setUp();
    const { committer, ids } = open('alive');
    const brane = await makeBrane(committer, ids);
    await mark(brane.id, 'other', 1);
    let answered = false;
    const answer = edit(committer, ids, brane, [rename(brane.root, 'patient')]).then(() => (answered = true));
    await environment.advance(400);
    await mark(brane.id, 'other', 2);
    await environment.advance(400);
    expect(answered).toBe(false);
    await store.transact({ label: 'test' }, async (tx) => {
      const head = await tx.get('heads', [brane.id]);
      if (!head) return;
      const { turn: _turn, ...rest } = head;
      tx.put('heads', rest);
    });
    await environment.advance(30);
    await answer;
  });

  it('are given back by whoever has had his: also by upkeep, and by a request that comes to nothing', async () => {
    const { environment, store, open, mark } = setUp();
    const { committer, ids } = open('me');
    const brane = await makeBrane(committer, ids);
    await mark(brane.id, 'me', 1);
    expect(await refusal(edit(committer, ids, brane, [rename(ids.object(), 'nobody')]))).toBe(
      'object.not_found',
    );
    expect((await readHead(store, brane.id))?.turn).toBeUndefined();
    await edit(committer, ids, brane, [rename(brane.root, 'x')]);
    await mark(brane.id, 'me', 2);
    environment.jump(1_000);
    expect(await committer.forget(brane.id, new Date(environment.clock.now()).toISOString(), 10)).toBe(1);
    expect((await readHead(store, brane.id))?.turn).toBeUndefined();
  });

  it('leave each other the time of a commit: under load they alternate, and few attempts are lost', async () => {
    const { environment, store, slow, open } = setUp();
    const writers = ['one', 'other'].map((name) => open(name, slow(4)));
    const [first] = writers;
    if (!first) throw new Error('two writers');
    const brane = await makeBrane(first.committer, first.ids);
    const until = environment.clock.monotonic() + 1_000;
    const load = writers.map(async ({ committer, ids }) => {
      while (environment.clock.monotonic() < until) {
        // Each has something waiting whenever its commit is through.
        const edits = [1, 2].map((n) => edit(committer, ids, brane, [rename(brane.root, `${n}`)]));
        await Promise.race(edits);
        await Promise.all(edits);
      }
    });
    let done = false;
    const all = Promise.all(load).then(() => (done = true));
    while (!done) await environment.advance(1);
    await all;
    const commits = writers.map(({ groups }) => groups.length);
    const lost = writers.reduce((sum, { metrics }) => sum + metrics.conflict, 0);
    expect(Math.min(...commits)).toBeGreaterThan(20);
    expect(lost).toBeLessThan(commits.reduce((sum, count) => sum + count, 0) / 4);
    await assertConsistent(store, brane.id);
  });
});

describe('the time of entries (L4)', () => {
  it('never goes back, and a clock that is far behind is told to the metrics', async () => {
    const { environment, store, open } = setUp();
    const { committer, ids, metrics } = open('writer');
    const brane = await makeBrane(committer, ids);
    environment.jump(10_000);
    const first = await edit(committer, ids, brane, [newBlock(ids.object(), brane.root)]);
    environment.jump(-20_000);
    const second = await edit(committer, ids, brane, [newBlock(ids.object(), brane.root)]);
    expect(second.at).toBe(first.at);
    expect(metrics.clockSkew).toBe(0);
    environment.jump(-40_000);
    await edit(committer, ids, brane, [newBlock(ids.object(), brane.root)]);
    expect(metrics.clockSkew).toBe(1);
    environment.jump(100_000);
    const last = await edit(committer, ids, brane, [newBlock(ids.object(), brane.root)]);
    expect(last.at > first.at).toBe(true);
    const times = (await storedLog(store, brane.id)).map((entry) => entry.at);
    expect(times).toEqual([...times].sort());
  });
});
