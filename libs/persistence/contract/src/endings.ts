import type { ReadTransaction, Transaction } from '@state-server/persistence-port';
import { nextInt, seededRandom } from '@state-server/testing';
import { AT, brane, counterOf, increment, LABEL, member, type StoreFixture, write } from './fixture';

/** What comes out of a transaction, and what is left of it. */
export function describeEndings(fixture: () => StoreFixture): void {
  it('answers what the callback answered, by identity, nothing included (STORE-3)', async () => {
    const { store } = fixture();
    const answer = { of: 'the callback' };
    expect(await store.transact(LABEL, () => Promise.resolve(answer))).toBe(answer);
    expect(await store.read(LABEL, () => Promise.resolve(answer))).toBe(answer);
    expect(await store.transact(LABEL, async (tx) => tx.delete('meta', ['n']))).toBeUndefined();
  });

  it.each([
    ['an error', new RangeError('mine')],
    ['a text', 'a text'],
    ['nothing', undefined],
    ['an object like an error of the store', { name: 'StoreError', code: 'conflict' }],
  ])('rethrows %s that the callback threw, once, and has written nothing (STORE-3)', async (_, thrown) => {
    const { store } = fixture();
    let attempts = 0;
    const run = store.transact(LABEL, async (tx) => {
      attempts += 1;
      await increment(tx, 'n');
      // Whatever it is: the rules of a linter do not bind what a library throws.
      return new Promise<never>((_resolve, reject) => {
        queueMicrotask(reject.bind(undefined, thrown));
      });
    });
    const caught = await run.then(
      () => 'nothing was thrown',
      (error: unknown) => error,
    );
    expect(caught).toBe(thrown);
    expect(attempts).toBe(1);
    expect(await counterOf(store, 'n')).toBe(0);
  });

  it('rethrows what a callback throws before it is asynchronous, and what a read throws (STORE-3)', async () => {
    const { store } = fixture();
    const thrown = new Error('at once');
    const atOnce = (): never => {
      throw thrown;
    };
    await expect(store.transact(LABEL, atOnce)).rejects.toBe(thrown);
    await expect(store.read(LABEL, atOnce)).rejects.toBe(thrown);
    await expect(store.read(LABEL, () => Promise.reject(thrown))).rejects.toBe(thrown);
    await write(store, (tx) => tx.put('meta', { key: 'n', value: 1 }));
    expect(await counterOf(store, 'n')).toBe(1);
  });

  it('hinders nobody by a transaction that was given up (STORE-3)', async () => {
    const { store, second } = fixture();
    const abandoned = store.transact(LABEL, async (tx) => {
      await increment(tx, 'n');
      tx.guard('meta', ['guard']);
      throw new Error('given up');
    });
    await expect(abandoned).rejects.toThrow('given up');
    const once = { ...LABEL, maxRetries: 0 };
    await second.transact(once, (tx) => increment(tx, 'n'));
    await second.transact(once, async (tx) => tx.put('meta', { key: 'guard', value: 1 }));
    expect(await counterOf(store, 'n')).toBe(1);
  });

  it('goes on after a put that was refused and caught, with all else (STORE-3)', async () => {
    const { store } = fixture();
    await store.transact(LABEL, async (tx) => {
      tx.put('members', member('town', 'ada'));
      expect(() => tx.put('members', member('town', '\ud800'))).toThrow('surrogate');
      tx.put('members', member('town', 'bob'));
    });
    const all = await store.read(LABEL, (tx) => tx.range('members', { prefix: ['town'], limit: 9 }));
    expect(all.map(({ user_id }) => user_id)).toEqual(['ada', 'bob']);
  });

  it('lets nothing of a read be used after its end, nor of a transaction that failed (STORE-3)', async () => {
    const { store } = fixture();
    let reader: ReadTransaction | undefined;
    let failed: Transaction | undefined;
    await store.read(LABEL, async (tx) => {
      reader = tx;
      await tx.get('meta', ['n']);
    });
    const run = store.transact(LABEL, async (tx) => {
      failed = tx;
      await increment(tx, 'n');
      throw new Error('failed');
    });
    await expect(run).rejects.toThrow('failed');
    await expect(reader?.get('meta', ['n'])).rejects.toThrow('has ended');
    await expect(reader?.getMany('meta', [['n']])).rejects.toThrow('has ended');
    await expect(reader?.range('meta', { prefix: [], limit: 1 })).rejects.toThrow('has ended');
    const late = failed;
    expect(() => late?.guard('meta', ['n'])).toThrow('has ended');
    expect(() => late?.delete('meta', ['n'])).toThrow('has ended');
    expect(() => late?.put('meta', { key: 'n', value: 1 })).toThrow('has ended');
  });

  it('commits without a write when nothing is left of what was put (STORE-3)', async () => {
    const { store } = fixture();
    await write(store, (tx) => {
      tx.put('members', member('town', 'ada'));
      tx.delete('members', ['town', 'ada']);
    });
    await write(store, (tx) => {
      tx.delete('members', ['town', 'bob']);
      tx.put('members', member('town', 'bob'));
    });
    const all = await store.read(LABEL, (tx) => tx.range('members', { prefix: [], limit: 9 }));
    const mine = await store.read(LABEL, (tx) =>
      tx.range('members', { index: 'by_user', prefix: [], limit: 9 }),
    );
    expect(all.map(({ user_id }) => user_id)).toEqual(['bob']);
    expect(mine).toEqual(all);
  });

  it('replaces a document as a whole: a field that is no longer there is gone, from its index, too (STORE-1, STORE-9)', async () => {
    const { store, second } = fixture();
    await write(store, (tx) => tx.put('branes', brane('town', AT)));
    await write(store, (tx) => tx.put('branes', brane('town')));
    const found = await second.read(LABEL, (tx) => tx.get('branes', ['town']));
    expect(found).toStrictEqual(brane('town'));
    const due = await second.read(LABEL, (tx) =>
      tx.range('branes', { index: 'by_purge', prefix: [], limit: 9 }),
    );
    expect(due).toEqual([]);
  });

  it('gives each place of an answer a copy of its own, repeated keys included (STORE-1)', async () => {
    const { store } = fixture();
    await write(store, (tx) => tx.put('meta', { key: 'n', value: { list: [1] } }));
    await store.read(LABEL, async (tx) => {
      const [one, other] = await tx.getMany('meta', [['n'], ['n']]);
      (one?.value as { list: number[] }).list.push(2);
      expect(other?.value).toEqual({ list: [1] });
      expect((await tx.get('meta', ['n']))?.value).toEqual({ list: [1] });
    });
  });

  it('answers hundreds of keys at once, own writes among them, in their order (STORE-1, STORE-3)', async () => {
    const { store } = fixture();
    const key = (place: number): string => `key ${place}`;
    await write(store, (tx) => {
      for (let place = 0; place < 300; place += 2) tx.put('meta', { key: key(place), value: place });
    });
    const random = seededRandom(3);
    const places = Array.from({ length: 500 }, () => nextInt(random, 302));
    await store.transact(LABEL, async (tx) => {
      tx.put('meta', { key: key(301), value: 301 });
      tx.delete('meta', [key(0)]);
      const found = await tx.getMany(
        'meta',
        places.map((place) => [key(place)]),
      );
      const expected = places.map((place) =>
        place === 301 || (place % 2 === 0 && place !== 0 && place < 300) ? place : undefined,
      );
      expect(found.map((doc) => doc?.value)).toEqual(expected);
    });
  });

  it('moves hundreds of documents in one transaction, of which nobody sees a part (STORE-3)', async () => {
    const { store, second } = fixture();
    const users = Array.from({ length: 300 }, (_, place) => `user ${place}`);
    await write(store, (tx) => users.forEach((user) => tx.put('members', member('here', user))));
    await store.transact({ ...LABEL, deadlineMs: 30_000 }, async (tx) => {
      for (const user of users) {
        tx.delete('members', ['here', user]);
        tx.put('members', member('there', user));
      }
      const outside = await second.read(LABEL, (other) =>
        other.range('members', { prefix: ['here'], limit: 999 }),
      );
      expect(outside).toHaveLength(300);
    });
    const after = await second.read(LABEL, async (tx) => [
      (await tx.range('members', { prefix: ['here'], limit: 999 })).length,
      (await tx.range('members', { prefix: ['there'], limit: 999 })).length,
      (await tx.range('members', { index: 'by_user', prefix: [], limit: 999 })).length,
    ]);
    expect(after).toEqual([0, 300, 300]);
  }, 30_000);

  it('may guard what it writes, the same key twice, and what is not there (STORE-6)', async () => {
    const { store, second } = fixture();
    await store.transact({ ...LABEL, maxRetries: 0 }, async (tx) => {
      tx.guard('meta', ['n']);
      tx.guard('meta', ['n']);
      tx.guard('meta', ['absent']);
      await increment(tx, 'n');
      tx.put('meta', { key: 'gone', value: 1 });
      tx.guard('meta', ['gone']);
      tx.delete('meta', ['gone']);
    });
    expect(await counterOf(second, 'n')).toBe(1);
    const left = await second.read(LABEL, (tx) => tx.getMany('meta', [['absent'], ['gone']]));
    expect(left).toEqual([undefined, undefined]);
  });

  it('leaves no trace of guards in what is read: no document, no field, no entry of an index (STORE-6)', async () => {
    const { store, second } = fixture();
    await write(store, (tx) => tx.put('members', member('town', 'ada')));
    for (let turn = 0; turn < 3; turn += 1) {
      await store.transact(LABEL, async (tx) => {
        tx.guard('members', ['town', 'ada']);
        tx.guard('members', ['town', 'nobody']);
        tx.put('meta', { key: 'turn', value: turn });
      });
    }
    const found = await second.read(LABEL, async (tx) => [
      await tx.range('members', { prefix: [], limit: 9 }),
      await tx.range('members', { index: 'by_user', prefix: [], limit: 9 }),
    ]);
    expect(found).toStrictEqual([[member('town', 'ada')], [member('town', 'ada')]]);
  });

  it('does all of fifty transactions once each when every outcome is in doubt (STORE-12)', async () => {
    const { store, second, spoilNextCommit } = fixture();
    const random = seededRandom(12);
    for (let turn = 1; turn <= 50; turn += 1) {
      spoilNextCommit?.(nextInt(random, 2) === 0 ? 'unknown_committed' : 'unknown_lost');
      expect(await store.transact(LABEL, (tx) => increment(tx, 'n'))).toBe(turn);
    }
    expect(await counterOf(second, 'n')).toBe(50);
  }, 60_000);
}
