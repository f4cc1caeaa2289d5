import type { Store, Transaction } from '@state-server/persistence-port';
import {
  counterOf,
  increment,
  LABEL,
  member,
  readCounter,
  write,
  type StoreFixture,
  type StoreTraits,
} from './fixture';

/** Refused when it would need a second attempt: shows whether there was a conflict. */
const ONCE = { label: 'contract.once', maxRetries: 0 };

/** Who wins when two change the same (SYNC P1). */
export function describeConflicts(fixture: () => StoreFixture, traits: StoreTraits): void {
  /** Runs `mine` in one attempt, with `theirs` committed by the other store before it commits. */
  const against = (
    theirs: (tx: Transaction) => void,
    mine: (tx: Transaction) => Promise<unknown>,
  ): Promise<void> => {
    const { store, second } = fixture();
    return store.transact(ONCE, async (tx) => {
      await mine(tx);
      await write(second, theirs);
    });
  };
  const conflict = { code: 'conflict' };

  it('refuses a lost update (STORE-5)', async () => {
    const run = against(
      (tx) => tx.put('meta', { key: 'count', value: 10 }),
      (tx) => increment(tx, 'count'),
    );
    await expect(run).rejects.toMatchObject(conflict);
    expect(await counterOf(fixture().store, 'count')).toBe(10);
  });

  it('refuses a blind write over a write, a creation, a deletion, an equal rewrite (STORE-5)', async () => {
    const { store } = fixture();
    const put = (value: number) => (tx: Transaction) => tx.put('meta', { key: 'count', value });
    const blind = async (tx: Transaction): Promise<void> => tx.put('meta', { key: 'count', value: 7 });
    await expect(against(put(1), blind)).rejects.toMatchObject(conflict);
    await expect(against(put(2), blind)).rejects.toMatchObject(conflict);
    await expect(against(put(2), blind)).rejects.toMatchObject(conflict);
    await expect(against((tx) => tx.delete('meta', ['count']), blind)).rejects.toMatchObject(conflict);
    const remove = async (tx: Transaction): Promise<void> => tx.delete('meta', ['count']);
    await expect(against(put(3), remove)).rejects.toMatchObject(conflict);
    expect(await counterOf(store, 'count')).toBe(3);
  });

  it('refuses what deletes and creates again since the snapshot (STORE-5)', async () => {
    const { second } = fixture();
    await write(second, (tx) => tx.put('meta', { key: 'count', value: 1 }));
    const run = fixture().store.transact(ONCE, async (tx) => {
      await increment(tx, 'count');
      await write(second, (other) => other.delete('meta', ['count']));
      await write(second, (other) => other.put('meta', { key: 'count', value: 1 }));
    });
    await expect(run).rejects.toMatchObject(conflict);
  });

  it('does not refuse writers of different keys (STORE-5)', async () => {
    await against(
      (tx) => tx.put('members', member('town', 'ada')),
      async (tx) => tx.put('members', member('town', 'bob')),
    );
    const all = await fixture().store.read(LABEL, (tx) =>
      tx.range('members', { prefix: ['town'], limit: 9 }),
    );
    expect(all.map(({ user_id }) => user_id)).toEqual(['ada', 'bob']);
  });

  it('refuses when a guarded key was changed, created or deleted (STORE-6)', async () => {
    const guarded = async (tx: Transaction): Promise<void> => {
      tx.guard('meta', ['guard']);
      tx.put('members', member('town', 'ada'));
    };
    const created = against((tx) => tx.put('meta', { key: 'guard', value: 1 }), guarded);
    await expect(created).rejects.toMatchObject(conflict);
    const changed = against((tx) => tx.put('meta', { key: 'guard', value: 2 }), guarded);
    await expect(changed).rejects.toMatchObject(conflict);
    const deleted = against((tx) => tx.delete('meta', ['guard']), guarded);
    await expect(deleted).rejects.toMatchObject(conflict);
    await against((tx) => tx.put('meta', { key: 'other', value: 1 }), guarded);
  });

  it('validates guards of a transaction that writes nothing (STORE-6)', async () => {
    const run = against(
      (tx) => tx.put('meta', { key: 'guard', value: 1 }),
      async (tx) => tx.guard('meta', ['guard']),
    );
    await expect(run).rejects.toMatchObject(conflict);
  });

  /** Two may go off duty as long as the other is on; each reads both and writes its own. */
  const goOffDuty = async (
    store: Store,
    who: string,
    other: string,
    guard: boolean,
    between: () => Promise<void>,
  ) => {
    await store.transact(LABEL, async (tx) => {
      const mine = await readCounter(tx, who);
      const theirs = await readCounter(tx, other);
      if (guard) tx.guard('meta', [other]);
      await between();
      if (mine + theirs > 1) tx.put('meta', { key: who, value: 0 });
    });
  };
  const offDutyAtOnce = async (guard: boolean): Promise<number> => {
    const { store, second } = fixture();
    await write(store, (tx) => ['ada', 'bob'].forEach((key) => tx.put('meta', { key, value: 1 })));
    let nested = false;
    await goOffDuty(store, 'ada', 'bob', guard, async () => {
      if (nested) return;
      nested = true;
      await goOffDuty(second, 'bob', 'ada', guard, () => Promise.resolve());
    });
    return (await counterOf(store, 'ada')) + (await counterOf(store, 'bob'));
  };

  it('refuses write skew where the guard is taken (STORE-6)', async () => {
    expect(await offDutyAtOnce(true)).toBe(1);
  });

  /** Counts what is in a range and writes the sum down; whoever adds to the range writes the guard. */
  const sumUp = async (guard: boolean): Promise<number> => {
    const { store, second } = fixture();
    await write(store, (tx) => tx.put('members', member('town', 'ada')));
    let added = false;
    await store.transact(LABEL, async (tx) => {
      const members = await tx.range('members', { prefix: ['town'], limit: 99 });
      if (guard) tx.guard('meta', ['members of town']);
      if (!added) {
        added = true;
        await write(second, (other) => {
          other.put('members', member('town', 'bob'));
          other.put('meta', { key: 'members of town', value: 'changed' });
        });
      }
      tx.put('meta', { key: 'sum', value: members.length });
    });
    return counterOf(store, 'sum');
  };

  it('refuses a phantom where the guard is taken (STORE-6)', async () => {
    expect(await sumUp(true)).toBe(2);
  });

  if (traits.isolation === 'weak') {
    it('lets write skew and phantoms pass where no guard is taken: the weakest mode (STORE-7, P1)', async () => {
      expect(await offDutyAtOnce(false)).toBe(0);
      expect(await sumUp(false)).toBe(1);
    });
  } else {
    it('refuses write skew and phantoms without a guard too: the strict mode (STORE-7, P1)', async () => {
      expect(await offDutyAtOnce(false)).toBe(1);
      expect(await sumUp(false)).toBe(2);
    });
  }

  it('gives a settled transaction all that was acknowledged, and refuses it like any other (STORE-20)', async () => {
    const { store, second } = fixture();
    const settled = { ...ONCE, settled: true };
    await write(second, (tx) => tx.put('meta', { key: 'count', value: 1 }));
    await store.transact(settled, (tx) => increment(tx, 'count'));
    const overtaken = store.transact(settled, async (tx) => {
      await increment(tx, 'count');
      await write(second, (other) => other.put('meta', { key: 'count', value: 10 }));
    });
    await expect(overtaken).rejects.toMatchObject(conflict);
    expect(await counterOf(store, 'count')).toBe(10);
  });

  it('counts exactly with 32 writers in two stores (STORE-5)', async () => {
    const { store, second } = fixture();
    const patient = { label: 'contract.count', maxRetries: 10_000, deadlineMs: 60_000 };
    const writers = Array.from({ length: 32 }, async (_, place) => {
      for (let turn = 0; turn < 5; turn += 1) {
        await (place % 2 === 0 ? store : second).transact(patient, (tx) => increment(tx, 'shared'));
      }
    });
    await Promise.all(writers);
    expect(await counterOf(store, 'shared')).toBe(160);
  }, 60_000);
}
