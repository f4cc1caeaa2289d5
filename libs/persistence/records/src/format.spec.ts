import { createMemoryKv } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { openRecordStore, type Migration } from './format';
import type { OrderedKv } from './ordered-kv';
import { soon } from './soon.spec-support';

const LABEL = { label: 'spec' };
const environment = createFakeEnvironment();

const valueOf = (store: Store, key: string): Promise<unknown> =>
  store.read(LABEL, async (tx) => (await tx.get('meta', [key]))?.value);

/** Writes where it was; a step that is done already stays done. */
function step(from: number, log: string[]): Migration {
  return {
    from,
    summary: `greets as version ${from + 1} does`,
    run: ({ store }) =>
      store.transact(LABEL, async (tx) => {
        log.push(`${from}`);
        tx.put('meta', { key: 'greeting', value: `hello from ${from + 1}` });
      }),
  };
}

/** Data as version 1 left it. */
async function oldKv(): Promise<OrderedKv> {
  const kv = createMemoryKv();
  const store = await openRecordStore(kv, environment, { version: 1, migrations: [] });
  await store.transact(LABEL, async (tx) => tx.put('meta', { key: 'greeting', value: 'hello from 1' }));
  return kv;
}

describe('an older store', () => {
  it('is upgraded step by step when it is opened, once (STORE-15)', async () => {
    const kv = await oldKv();
    const log: string[] = [];
    const options = { version: 3, migrations: [step(2, log), step(1, log), step(0, log)] };
    const store = await openRecordStore(kv, environment, options);
    expect(await valueOf(store, 'greeting')).toBe('hello from 3');
    expect(await valueOf(store, 'format')).toEqual({ version: 3 });
    await openRecordStore(kv, environment, options);
    expect(log).toEqual(['1', '2']);
  });

  it('is refused in words when no step leads on, and is left as it is (STORE-15)', async () => {
    const kv = await oldKv();
    const gap = openRecordStore(kv, environment, { version: 3, migrations: [step(1, []), step(3, [])] });
    await expect(gap).rejects.toMatchObject({ code: 'format' });
    await expect(gap).rejects.toThrow('has format 1; this version reads 3 and knows no upgrade from 2');
    const store = await openRecordStore(kv, environment, { version: 1, migrations: [] });
    expect(await valueOf(store, 'greeting')).toBe('hello from 1');
  });

  it('is closed to older code as soon as the upgrade begins, and goes on after a crash in it (STORE-15)', async () => {
    const kv = await oldKv();
    const log: string[] = [];
    const crash: Migration = { from: 2, summary: 'dies', run: () => Promise.reject(new Error('killed')) };
    const first = openRecordStore(kv, environment, { version: 3, migrations: [step(1, log), crash] });
    await expect(first).rejects.toThrow('killed');
    const older = openRecordStore(kv, environment, { version: 1, migrations: [] });
    await expect(older).rejects.toThrow('the store has format 3; this version reads up to 1');
    const store = await openRecordStore(kv, environment, {
      version: 3,
      migrations: [step(1, log), step(2, log)],
    });
    expect(await valueOf(store, 'format')).toEqual({ version: 3 });
    expect(log).toEqual(['1', '2']);
  });

  it('may be upgraded by two processes at once (STORE-15)', async () => {
    const kv = await oldKv();
    const log: string[] = [];
    const options = { version: 3, migrations: [step(1, log), step(2, log)] };
    const both = Promise.all([1, 2].map(() => openRecordStore(kv, environment, options)));
    const opened = await soon(environment, both);
    for (const store of opened) expect(await valueOf(store, 'format')).toEqual({ version: 3 });
    expect(await valueOf(await openRecordStore(kv, environment, options), 'greeting')).toBe('hello from 3');
  });
});
