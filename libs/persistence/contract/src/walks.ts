import type { Key, LogDoc, MemberDoc, RangeOptions, Store } from '@state-server/persistence-port';
import { nextInt, seededRandom } from '@state-server/testing';
import {
  AT,
  brane,
  breathe,
  LABEL,
  logEntry,
  member,
  type StoreFixture,
  type StoreTraits,
  volume,
  write,
} from './fixture';

const NOTHING = new Uint8Array();
const padded = (number: number): string => String(number).padStart(5, '0');

/** Lists that are read page by page while others write into them. */
export function describeWalks(fixture: () => StoreFixture, traits: StoreTraits): void {
  type Walk = Omit<RangeOptions<'members'>, 'gt' | 'gte' | 'lt' | 'lte' | 'limit'>;

  /** All pages of a list, each in a snapshot of its own, behind the whole key of the last document before. */
  async function walk(
    store: Store,
    options: Walk,
    page: number,
    cursorOf: (doc: MemberDoc) => Key,
    between: () => Promise<void> = () => Promise.resolve(),
  ): Promise<MemberDoc[]> {
    const found: MemberDoc[] = [];
    for (let last: MemberDoc | undefined; ;) {
      const cursor = last && cursorOf(last);
      const bound = cursor ? (options.reverse ? { lt: cursor } : { gt: cursor }) : {};
      const docs = await store.read(LABEL, (tx) =>
        tx.range('members', { ...options, ...bound, limit: page }),
      );
      found.push(...docs);
      if (docs.length < page) return found;
      last = docs.at(-1);
      await between();
    }
  }

  const COUNT = volume(traits, 200, 100);
  const fill = async (store: Store, count: number, of: (place: number) => MemberDoc): Promise<void> => {
    for (let from = 0; from < count; from += 100) {
      await write(store, (tx) => {
        for (let place = from; place < Math.min(count, from + 100); place += 1) tx.put('members', of(place));
      });
    }
  };

  it.each([
    ['by key', { prefix: ['town'] }, (doc: MemberDoc) => [doc.user_id]],
    ['by key, backward', { prefix: ['town'], reverse: true }, (doc: MemberDoc) => [doc.user_id]],
    ['by an index', { index: 'by_user', prefix: [] }, (doc: MemberDoc) => [doc.user_id, doc.brane_id]],
    [
      'by an index, backward',
      { index: 'by_user', prefix: [], reverse: true },
      (doc: MemberDoc) => [doc.user_id, doc.brane_id],
    ],
  ] as const)(
    'neither repeats nor misses what stood through a walk, %s, beside writers (STORE-28)',
    async (_, options, cursorOf) => {
      const { store, second } = fixture();
      // Those with an even number stay; those with an odd one come and go.
      await fill(store, COUNT, (place) => member('town', `user ${padded(2 * place)}`));
      const random = seededRandom(28);
      const disturb = async (): Promise<void> => {
        await write(second, (tx) => {
          for (let change = 0; change < 10; change += 1) {
            const user = `user ${padded(2 * nextInt(random, COUNT) + 1)}`;
            if (nextInt(random, 2) === 0) tx.put('members', member('town', user));
            else tx.delete('members', ['town', user]);
          }
          // A rewrite leaves a document in its place.
          tx.put('members', member('town', `user ${padded(2 * nextInt(random, COUNT))}`, 'editor'));
        });
      };
      const walked = await walk(store, options, 7, cursorOf, disturb);
      const users: string[] = walked.map(({ user_id }) => user_id);
      const standing = users.filter((user) => Number(user.slice(-1)) % 2 === 0);
      const expected = Array.from({ length: COUNT }, (__, place) => `user ${padded(2 * place)}`);
      expect(standing).toEqual('reverse' in options ? expected.reverse() : expected);
      expect(new Set(users).size).toBe(users.length);
      expect([...users].sort()).toEqual('reverse' in options ? [...users].reverse() : users);
    },
    60_000,
  );

  it('gives the same list in pages of every size (STORE-28)', async () => {
    const { store } = fixture();
    await fill(store, 60, (place) => member(`brane ${place % 4}`, `user ${place % 7}`));
    const byUser = { index: 'by_user', prefix: [] } as const;
    const whole = await store.read(LABEL, (tx) => tx.range('members', { ...byUser, limit: 999 }));
    expect(whole).toHaveLength(28);
    for (const page of [1, 2, 3, 13, 27, 28, 29]) {
      const walked = await walk(store, byUser, page, (doc) => [doc.user_id, doc.brane_id]);
      expect(walked).toEqual(whole);
    }
  });

  it('goes on behind a document that was deleted meanwhile, and at its place when it came back (STORE-28)', async () => {
    const { store, second } = fixture();
    await fill(store, 9, (place) => member('town', `user ${place}`));
    const page = (after?: string): Promise<MemberDoc[]> =>
      store.read(LABEL, (tx) =>
        tx.range('members', { prefix: ['town'], ...(after !== undefined && { gt: [after] }), limit: 3 }),
      );
    const last = (await page()).at(-1)?.user_id ?? '';
    await write(second, (tx) => tx.delete('members', ['town', last]));
    expect((await page(last)).map(({ user_id }) => user_id)).toEqual(['user 3', 'user 4', 'user 5']);
    await write(second, (tx) => tx.put('members', member('town', last)));
    expect((await page(last)).map(({ user_id }) => user_id)).toEqual(['user 3', 'user 4', 'user 5']);
  });

  it('shows all of a transaction or nothing, by key, by range and by index, while generations replace each other (STORE-2)', async () => {
    const { store, second } = fixture();
    const WIDTH = 25;
    const generation = (number: number) =>
      write(store, (tx) => {
        for (let place = 0; place < WIDTH; place += 1) {
          const at = new Date(Date.parse(AT) + number * 1_000).toISOString();
          tx.put('branes', brane(`brane ${padded(place)}`, at));
        }
      });
    await generation(0);
    let isOver = false;
    const seen = new Set<string>();
    const reader = async (): Promise<void> => {
      do {
        await second.read(LABEL, async (tx) => {
          const ids = Array.from({ length: WIDTH }, (_, place) => [`brane ${padded(place)}`]);
          const byKey = (await tx.getMany('branes', ids)).map((doc) => doc?.purge_after);
          const byRange = (await tx.range('branes', { prefix: [], limit: 99 })).map((doc) => doc.purge_after);
          const byIndex = await tx.range('branes', { index: 'by_purge', prefix: [], limit: 99 });
          const times = [...byKey, ...byRange, ...byIndex.map((doc) => doc.purge_after)];
          expect(times).toHaveLength(3 * WIDTH);
          expect(new Set(times).size).toBe(1);
          seen.add(String(times[0]));
        });
        await breathe();
      } while (!isOver);
    };
    const reading = reader();
    const generations = volume(traits, 40, 15);
    for (let number = 1; number <= generations; number += 1) {
      await generation(number);
      await breathe();
    }
    isOver = true;
    await reading;
    expect(seen.size).toBeGreaterThan(1);
  }, 60_000);

  it('has no entry of an index too many and none too few after races of changes and deletions (STORE-9)', async () => {
    const { store, second } = fixture();
    const random = seededRandom(9);
    const patient = { label: 'contract.race', maxRetries: 10_000, deadlineMs: 60_000 };
    const turns = volume(traits, 40, 15);
    const racer = async (each: Store): Promise<void> => {
      for (let turn = 0; turn < turns; turn += 1) {
        const id = `brane ${nextInt(random, 4)}`;
        const at = new Date(Date.parse(AT) + nextInt(random, 5) * 1_000).toISOString();
        const what = nextInt(random, 4);
        await each.transact(patient, async (tx) => {
          if (what === 0) tx.delete('branes', [id]);
          else tx.put('branes', brane(id, what === 1 ? undefined : at));
        });
      }
    };
    await Promise.all([store, second, store, second, store, second].map(racer));
    const [all, due] = await store.read(LABEL, async (tx) => [
      await tx.range('branes', { prefix: [], limit: 99 }),
      await tx.range('branes', { index: 'by_purge', prefix: [], limit: 99 }),
    ]);
    const expected = all
      .filter((doc) => doc.purge_after !== undefined)
      .sort((one, other) =>
        `${String(one.purge_after)} ${one.id}` < `${String(other.purge_after)} ${other.id}` ? -1 : 1,
      );
    expect(due).toEqual(expected);
  }, 60_000);

  it('lets two documents change places in an index in one transaction, and one go there and back (STORE-9)', async () => {
    const { store } = fixture();
    const LATER = '2026-06-01T00:00:00.000Z';
    const due = async (): Promise<string[]> =>
      (await store.read(LABEL, (tx) => tx.range('branes', { index: 'by_purge', prefix: [], limit: 9 }))).map(
        ({ id, purge_after }) => `${id} ${String(purge_after)}`,
      );
    await write(store, (tx) => {
      tx.put('branes', brane('a', AT));
      tx.put('branes', brane('b', LATER));
    });
    await write(store, (tx) => {
      tx.put('branes', brane('a', LATER));
      tx.put('branes', brane('b', AT));
    });
    expect(await due()).toEqual([`b ${AT}`, `a ${LATER}`]);
    await write(store, (tx) => {
      tx.put('branes', brane('b', LATER));
      tx.delete('branes', ['a']);
      tx.put('branes', brane('b', AT));
      tx.put('branes', brane('a', LATER));
    });
    expect(await due()).toEqual([`b ${AT}`, `a ${LATER}`]);
  });

  it('keeps to one brane, one collection and one index, whatever stands beside it (STORE-8)', async () => {
    const { store } = fixture();
    const ids = ['a', 'a\u0000', 'ab', 'b', ''];
    await write(store, (tx) => {
      for (const id of ids) {
        tx.put('log', logEntry(id, 1, NOTHING));
        tx.put('members', member(id, 'ada'));
      }
    });
    for (const id of ids) {
      const found = await store.read(LABEL, (tx) => tx.range('log', { prefix: [id], limit: 99 }));
      expect(found.map((entry: LogDoc) => entry.brane_id)).toEqual([id]);
    }
    const everything = await store.read(LABEL, (tx) => tx.range('log', { prefix: [], limit: 99 }));
    expect(everything).toHaveLength(ids.length);
  });

  it('knows all forms of bounds on the same place (STORE-8)', async () => {
    const { store } = fixture();
    await write(store, (tx) => {
      for (let seq = 1; seq <= 5; seq += 1) tx.put('log', logEntry('town', seq, NOTHING));
    });
    const seqs = async (bounds: Partial<RangeOptions<'log'>>): Promise<number[]> =>
      (await store.read(LABEL, (tx) => tx.range('log', { prefix: ['town'], limit: 99, ...bounds }))).map(
        ({ seq }) => seq,
      );
    expect(await seqs({ gte: [3], lte: [3] })).toEqual([3]);
    expect(await seqs({ gt: [3], lt: [4] })).toEqual([]);
    expect(await seqs({ gte: [3], gt: [3] })).toEqual([4, 5]);
    expect(await seqs({ lte: [3], lt: [3] })).toEqual([1, 2]);
    expect(await seqs({ gte: [], lte: [] })).toEqual([1, 2, 3, 4, 5]);
    expect(await seqs({ gt: [] })).toEqual([]);
    expect(await seqs({ lt: [] })).toEqual([]);
    expect(await seqs({ prefix: ['town', 4], reverse: true })).toEqual([4]);
    expect(await seqs({ limit: 5 })).toEqual([1, 2, 3, 4, 5]);
    expect(await seqs({ lte: [2], limit: 1, reverse: true })).toEqual([2]);
  });
}
