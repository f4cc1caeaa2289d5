import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import { StoreError } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { RecordStore } from './record-store';

const LABEL = { label: 'spec' };

/** A store behind a network, none of whose reads is answered. */
function storeThatIsAway(): RecordStore {
  const kv = createMemoryKv();
  const away = async (): Promise<never> => {
    await Promise.resolve();
    throw new StoreError('unavailable', 'away');
  };
  return new RecordStore(
    {
      kind: 'away',
      outcomeCanBeUnknown: true,
      isRemote: true,
      begin: () =>
        Promise.resolve({ ...kv.begin(), get: away, range: away, commit: away, abandon: () => 'stopped' }),
      check: away,
      close: away,
    },
    createFakeEnvironment(),
  );
}

/** What ends a Node process that does not look: rejections of which nobody hears. */
async function unheardDuring(work: () => Promise<unknown>): Promise<unknown[]> {
  const unheard: unknown[] = [];
  const note = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', note);
  try {
    await work();
    // Node looks for them when the microtasks are done, before the next timers.
    await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 0)));
  } finally {
    process.off('unhandledRejection', note);
  }
  return unheard;
}

describe('reads of a store behind a network', () => {
  it('end nobody who has stopped waiting for one of several of them (STORE-31)', async () => {
    const unheard = await unheardDuring(async () => {
      const run = storeThatIsAway().read(LABEL, async (tx) => {
        const first = tx.get('meta', ['a']);
        const others = [
          tx.get('meta', ['b']),
          tx.getMany('meta', [['c']]),
          tx.range('meta', { prefix: [], limit: 1 }),
        ];
        await first;
        return others;
      });
      await expect(run).rejects.toMatchObject({ code: 'unavailable' });
    });
    expect(unheard).toEqual([]);
  });

  it('end nobody who goes on reading when the transaction is over (STORE-31)', async () => {
    const unheard = await unheardDuring(async () => {
      const store = createMemoryStore({ environment: createFakeEnvironment() });
      const late = await store.read(LABEL, (tx) => Promise.resolve(tx));
      void late.get('meta', ['a']);
      void late.range('meta', { prefix: [], limit: 1 });
      await expect(late.getMany('meta', [['a']])).rejects.toThrow('has ended');
    });
    expect(unheard).toEqual([]);
  });
});
