import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import type { Store, TransactOptions } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { Pace } from './pace';
import { edit, makeBrane, rename, type TestBrane } from './test-support/branes.spec-support';
import { bound, createWriter } from './test-support/writer.spec-support';

const COMMIT_MS = 40;
const TIME_MS = 2_000;

function setUp() {
  const environment = createFakeEnvironment();
  const kv = createMemoryKv();
  const settled: boolean[] = [];
  /** Its group commits take their time between the last read and the commit, as all do that wait for a disk. */
  const open = (writerId: string) => {
    const store = createMemoryStore({ environment, kv });
    const transact: Store['transact'] = (options: TransactOptions, callback) =>
      store.transact(options, async (tx) => {
        const result = await callback(tx);
        if (options.label !== 'commit.group') return result;
        settled.push(options.settled ?? false);
        await new Promise<void>((resolve) => void environment.timers.set(COMMIT_MS, resolve));
        return result;
      });
    return createWriter({ environment, store: { ...bound(store), transact }, writerId });
  };
  return { environment, open, settled };
}

describe('two writers that are both busy at one brane (L5)', () => {
  it('alternate: hardly an attempt is lost, and each begins as soon as the other has committed', async () => {
    const { environment, open } = setUp();
    const [first, second] = [open('first'), open('second')];
    const made = makeBrane(first.committer, first.ids);
    await environment.advance(2 * COMMIT_MS);
    const brane = await made;
    let over = false;
    const busy = async ({ committer, ids }: typeof first): Promise<number> => {
      let commits = 0;
      for (; !over; commits += 1) await edit(committer, ids, brane, [rename(brane.root, `${commits}`)]);
      return commits;
    };
    const both = Promise.all([busy(first), busy(second)]);
    await environment.advance(TIME_MS);
    over = true;
    await environment.advance(10 * COMMIT_MS);
    const [one, other] = await both;
    // One after the other there is time for 50 commits; each is found out 3 ms late at the most.
    expect(one + other).toBeGreaterThan(40);
    expect(Math.abs(one - other)).toBeLessThan(5);
    expect(first.metrics.conflict + second.metrics.conflict).toBeLessThan(5);
  });

  it('ask for a settled snapshot once they have met, and no more when one is alone again', async () => {
    const { environment, open, settled } = setUp();
    const [first, second] = [open('first'), open('second')];
    const write = async ({ committer, ids }: typeof first, brane: TestBrane): Promise<unknown> => {
      const answer = edit(committer, ids, brane, [rename(brane.root, 'x')]);
      await environment.advance(4 * COMMIT_MS);
      return answer;
    };
    const made = makeBrane(first.committer, first.ids);
    await environment.advance(2 * COMMIT_MS);
    const brane = await made;
    settled.length = 0;
    for (const writer of [first, second, first]) await write(writer, brane);
    // Only now it has found entries that it had not written.
    for (const writer of [first, first]) await write(writer, brane);
    expect(settled).toEqual([false, false, false, true, false]);
  });
});

describe('the pause after an own commit', () => {
  const [brane, seq] = ['b' as Parameters<Pace['pause']>[0], 7];

  it('lasts one and a half attempts, and at most 100 ms (L5)', () => {
    const pace = new Pace();
    pace.committed(brane, 1_000, { ms: 20, seq, contended: true });
    expect(pace.pause(brane, 1_029)).toEqual({ until: 1_030, seq });
    expect(pace.pause(brane, 1_030)).toBeUndefined();
    pace.committed(brane, 2_000, { ms: 900, seq, contended: true });
    expect(pace.pause(brane, 2_000)).toEqual({ until: 2_100, seq });
  });

  it('is none for a writer that is alone', () => {
    const pace = new Pace();
    pace.committed(brane, 1_000, { ms: 20, seq, contended: true });
    pace.committed(brane, 1_050, { ms: 20, seq, contended: false });
    expect(pace.pause(brane, 1_050)).toBeUndefined();
    expect(pace.contended(brane)).toBe(false);
  });
});
