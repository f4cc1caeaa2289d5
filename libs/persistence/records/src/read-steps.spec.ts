import { createMemoryKv } from '@state-server/persistence-memory';
import { readSteps, type StepReader, type Steps, type Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import type { OrderedKv } from './ordered-kv';
import { RecordStore } from './record-store';

const LABEL = { label: 'spec' };

function* valueOf(reader: StepReader, key: string): Steps<unknown> {
  const found = yield* reader.get('meta', [key]);
  return found?.value;
}

const put = (store: Store, key: string, value: unknown): Promise<void> =>
  store.transact(LABEL, (tx) => Promise.resolve(tx.put('meta', { key, value })));

/** Answers as a database behind a network does. */
function late(kv: OrderedKv): OrderedKv {
  return {
    kind: 'late',
    outcomeCanBeUnknown: false,
    begin: () => Promise.resolve(kv.begin()),
    check: () => kv.check(),
    close: () => kv.close(),
  };
}

describe('a read in steps (STORE-4)', () => {
  it('is answered at once, and never with what was there before', async () => {
    const store = new RecordStore(createMemoryKv(), createFakeEnvironment());
    const read = (): unknown => readSteps(store, LABEL, (reader) => valueOf(reader, 'a'));
    expect(read()).toBeUndefined();
    await put(store, 'a', { n: 1 });
    const first = read();
    expect(first).toEqual({ n: 1 });
    expect(read()).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
    await put(store, 'a', { n: 2 });
    expect(read()).toEqual({ n: 2 });
    await store.transact(LABEL, (tx) => Promise.resolve(tx.delete('meta', ['a'])));
    expect(read()).toBeUndefined();
  });

  it('sees what another process wrote', async () => {
    const kv = createMemoryKv();
    const [one, other] = [createFakeEnvironment(), createFakeEnvironment()].map(
      (environment) => new RecordStore(kv, environment),
    );
    if (!one || !other) throw new Error('two stores');
    const read = (): unknown => readSteps(one, LABEL, (reader) => valueOf(reader, 'a'));
    await put(one, 'a', 1);
    expect(read()).toBe(1);
    await put(other, 'b', 0);
    await put(other, 'a', 2);
    expect(read()).toBe(2);
  });

  it('waits where the store does, and for a record in several pieces', async () => {
    const kv = createMemoryKv();
    const store = new RecordStore(kv, createFakeEnvironment());
    const text = 'x'.repeat(300_000);
    await put(store, 'large', text);
    await put(store, 'small', 1);
    const far = new RecordStore(late(kv), createFakeEnvironment());
    const large = readSteps(store, LABEL, (reader) => valueOf(reader, 'large'));
    const small = readSteps(far, LABEL, (reader) => valueOf(reader, 'small'));
    expect([large, small]).toEqual([expect.any(Promise), expect.any(Promise)]);
    expect(await Promise.all([large, small])).toEqual([text, 1]);
  });

  it('throws what a step throws', () => {
    const kv = createMemoryKv();
    const store = new RecordStore(kv, createFakeEnvironment());
    const fails = (): unknown =>
      readSteps(store, LABEL, function* (reader): Steps<never> {
        yield* valueOf(reader, 'a');
        throw new Error('refused');
      });
    expect(fails).toThrow('refused');
  });
});
