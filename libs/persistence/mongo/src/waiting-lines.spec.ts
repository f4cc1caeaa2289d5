import { contractEnvironment } from '@state-server/persistence-contract';
import { openRecordStore } from '@state-server/persistence-records';
import { MongoKv } from './mongo-kv';
import { MemoryDatabase } from './testing/memory-driver';
import { WaitingLines } from './waiting-lines';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('who has lost to others at the same document', () => {
  it('waits for those who lost before, whatever else they lost to, and nobody is forgotten (STORE-49)', async () => {
    const lines = new WaitingLines();
    const turns: string[] = [];
    const leave = new Map<string, () => void>();
    const join = (name: string, documents: string[]): void => {
      void lines.join(documents).then((done) => {
        turns.push(name);
        leave.set(name, done);
      });
    };
    join('first', ['a', 'b']);
    join('second', ['b', 'c']);
    join('other', ['d']);
    join('third', ['a', 'c']);
    await settle();
    expect(turns.sort()).toEqual(['first', 'other']);
    leave.get('first')?.();
    await settle();
    expect(turns).toEqual(['first', 'other', 'second']);
    leave.get('second')?.();
    await settle();
    expect(turns).toEqual(['first', 'other', 'second', 'third']);
    leave.get('third')?.();
    leave.get('other')?.();
    await settle();
    expect(lines.length).toBe(0);
  });

  it('needs few attempts of 32 at once (STORE-49, STORE-29)', async () => {
    const database = new MemoryDatabase();
    // As far away as a server is: all of them begin before the first has committed.
    database.onOperation = settle;
    const store = await openRecordStore(new MongoKv(database.driver()), contractEnvironment());
    let attempts = 0;
    const options = { label: 'spec', maxRetries: 1_000, deadlineMs: 10_000 };
    const add = (deadlineMs = 10_000): Promise<void> =>
      store.transact({ ...options, deadlineMs }, async (tx) => {
        attempts += 1;
        const value = Number((await tx.get('meta', ['n']))?.value ?? 0);
        tx.put('meta', { key: 'n', value: value + 1 });
      });
    await Promise.all(Array.from({ length: 32 }, () => add()));
    const found = await store.read(options, (tx) => tx.get('meta', ['n']));
    expect(found?.value).toBe(32);
    // The first of each, and a few more: without a line one would win and all others lose in each round, some 500 in all.
    expect(attempts).toBeLessThan(32 * 8);
    expect(database.sessions).toBe(0);
  });
});
