import { type Store, StoreError } from '@state-server/persistence-port';
import { AT, counterOf, increment, LABEL, write, type StoreFixture } from './fixture';

/** Retries, deadlines, outcomes that nobody knows at first. */
export function describeOutcomes(fixture: () => StoreFixture): void {
  const disturb = (other: Store): Promise<number> => other.transact(LABEL, (tx) => increment(tx, 'n'));

  it('runs the callback again on a fresh snapshot until it wins (STORE-10)', async () => {
    const { store, second } = fixture();
    const seen: number[] = [];
    const result = await store.transact(LABEL, async (tx) => {
      seen.push(await increment(tx, 'n'));
      if (seen.length <= 3) await disturb(second);
      return `after ${seen.length}`;
    });
    expect(result).toBe('after 4');
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(await counterOf(second, 'n')).toBe(4);
  });

  it('gives up with `conflict` after as many retries as it was told (STORE-10)', async () => {
    const { store, second } = fixture();
    let attempts = 0;
    const run = store.transact({ label: 'contract.loser', maxRetries: 2 }, async (tx) => {
      attempts += 1;
      await increment(tx, 'n');
      await disturb(second);
    });
    await expect(run).rejects.toMatchObject({ name: 'StoreError', code: 'conflict' });
    expect(attempts).toBe(3);
    expect(await counterOf(store, 'n')).toBe(3);
  });

  it('ends with `deadline` when time is up among conflicts, and has written nothing (STORE-11)', async () => {
    const { store, second } = fixture();
    const options = { label: 'contract.late', deadlineMs: 80, maxRetries: 1_000_000 };
    const codes: unknown[] = [];
    // Where commits wait for a network, time may be up while one is under way that nobody can stop.
    while (codes.length < 20 && codes.at(-1) !== 'deadline') {
      const run = store.transact(options, async (tx) => {
        tx.put('meta', { key: 'mine', value: 1 });
        await increment(tx, 'n');
        await disturb(second);
      });
      codes.push(await run.catch((error: unknown) => error instanceof StoreError && error.code));
      expect(await counterOf(store, 'mine')).toBe(0);
    }
    expect(codes.pop()).toBe('deadline');
    expect(codes.filter((code) => code !== 'outcome_unknown')).toEqual([]);
  });

  it('ends with `deadline` when the callback does not come back, which then writes nothing (STORE-11)', async () => {
    const { store } = fixture();
    let goOn = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let afterwards: Promise<unknown> = Promise.resolve();
    const run = store.transact({ label: 'contract.stuck', deadlineMs: 30 }, async (tx) => {
      await wait;
      afterwards = increment(tx, 'n');
      return afterwards;
    });
    await expect(run).rejects.toMatchObject({ code: 'deadline' });
    goOn();
    await wait;
    await expect(afterwards).rejects.toMatchObject({ code: 'deadline' });
    expect(await counterOf(store, 'n')).toBe(0);
  });

  it.each(['read before', 'not read before'])(
    'writes nothing that was put before time was up, %s, however late the callback comes back (STORE-11)',
    async (how) => {
      const { store, second } = fixture();
      let goOn = (): void => undefined;
      const wait = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const run = store.transact({ label: 'contract.stuck', deadlineMs: 30 }, async (tx) => {
        if (how === 'read before') await tx.get('meta', ['n']);
        tx.put('meta', { key: 'n', value: 1 });
        await wait;
      });
      await expect(run).rejects.toMatchObject({ code: 'deadline' });
      goOn();
      // Whatever the late callback sets off has come to its end when two more commits are through.
      for (const each of [store, second]) {
        await write(each, (tx) => tx.put('meta', { key: 'other', value: 1 }));
      }
      expect(await counterOf(second, 'n')).toBe(0);
    },
  );

  it('ends a read that takes too long with `deadline` too (STORE-11)', async () => {
    const { store } = fixture();
    const forever = new Promise<void>(() => undefined);
    const run = store.read({ label: 'contract.stuck', deadlineMs: 30 }, () => forever);
    await expect(run).rejects.toMatchObject({ code: 'deadline' });
  });

  it('does each transaction once, whatever is known about its first commit (STORE-12)', async () => {
    const { store, spoilNextCommit } = fixture();
    if (!spoilNextCommit) {
      // The outcome is always known: no transaction writes a record of its own.
      await write(store, (tx) => tx.put('meta', { key: 'n', value: 1 }));
      const own = await store.read(LABEL, (tx) => tx.range('transactions', { prefix: [], limit: 9 }));
      expect(own).toEqual([]);
      return;
    }
    for (const how of ['unknown_committed', 'unknown_lost'] as const) {
      spoilNextCommit(how);
      const attempts: number[] = [];
      const result = await store.transact(LABEL, async (tx) => {
        const value = await increment(tx, how);
        attempts.push(value);
        return `the answer of ${attempts.length}`;
      });
      expect(await counterOf(store, how)).toBe(1);
      expect(attempts).toEqual(how === 'unknown_committed' ? [1] : [1, 1]);
      expect(result).toBe(`the answer of ${attempts.length}`);
    }
    const own = await store.read(LABEL, (tx) =>
      tx.range('transactions', { index: 'by_expiry', prefix: [], gt: [AT], limit: 9 }),
    );
    expect(own.filter(({ attempt }) => attempt === 1)).toHaveLength(1);
  });
}
