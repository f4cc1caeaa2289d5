import { describeStoreContract, type OpenStore } from '@state-server/persistence-contract';
import type { KvKey } from '@state-server/persistence-records';
import { createFakeEnvironment } from '@state-server/testing';
import type { Fault, MemoryKv } from './memory-kv';
import { createMemoryKv, createMemoryStore, openMemoryStore } from './memory-store';

/** Every stored value with the text in it gets one bit of it wrong. */
async function flipBits(kv: MemoryKv, text: string): Promise<void> {
  const tx = kv.begin();
  const writes = new Map<KvKey, Uint8Array>();
  for (const { key, value } of await tx.range('\x00', '\xff', { reverse: false, limit: 1_000_000 })) {
    const copy = Buffer.from(value);
    const place = copy.indexOf(text);
    if (place < 0) continue;
    copy.writeUInt8(copy.readUInt8(place) ^ 0x10, place);
    writes.set(key, copy);
  }
  expect(writes.size).toBeGreaterThan(0);
  await tx.commit({ label: 'cosmic ray', guards: [], writes, bytes: 0 });
}

function open(isolation: 'weak' | 'strict'): OpenStore {
  return async (environment) => {
    let fault: Fault;
    const beforeCommit = (): Fault => {
      const now = fault;
      fault = undefined;
      return now;
    };
    const kv = createMemoryKv({ isolation, faults: { beforeCommit } });
    const store = await openMemoryStore({ environment, kv });
    const second = await openMemoryStore({ environment, kv });
    return {
      store,
      second,
      reopen: () => openMemoryStore({ environment, kv }),
      damage: async (text) => {
        await flipBits(kv, text);
        return store;
      },
      spoilNextCommit: (how) => {
        fault = how;
      },
      close: async () => {
        await store.close();
        await second.close();
      },
    };
  };
}

describeStoreContract('the store in memory, weak,', { isolation: 'weak', effort: 1 }, open('weak'));
describeStoreContract('the store in memory, strict,', { isolation: 'strict', effort: 1 }, open('strict'));

describe('the store in memory', () => {
  it('does what a test tells it to at a commit (STORE-12)', async () => {
    const environment = createFakeEnvironment();
    const faults: Fault[] = ['conflict', 'unavailable', 'unknown_lost'];
    const labels: string[] = [];
    const beforeCommit = (label: string): Fault => {
      labels.push(label);
      return faults.shift();
    };
    const store = createMemoryStore({ environment, faults: { beforeCommit } });
    const put = (maxRetries: number): Promise<void> =>
      store.transact({ label: 'test.put', maxRetries }, async (tx) => tx.put('meta', { key: 'a', value: 1 }));
    await expect(put(0)).rejects.toMatchObject({ code: 'conflict' });
    await expect(put(0)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(put(0)).rejects.toMatchObject({ code: 'outcome_unknown' });
    await put(0);
    expect(labels).toEqual(Array.from({ length: 4 }, () => 'test.put'));
  });

  it('takes a commit back that has not begun when time is up (STORE-11)', async () => {
    const environment = createFakeEnvironment();
    let goOn = (): void => undefined;
    const slow = new Promise<undefined>((resolve) => {
      goOn = () => resolve(undefined);
    });
    const store = createMemoryStore({ environment, faults: { beforeCommit: () => slow } });
    const run = store.transact({ label: 'test.slow', deadlineMs: 1_000 }, async (tx) =>
      tx.put('meta', { key: 'a', value: 1 }),
    );
    const refused = expect(run).rejects.toMatchObject({ code: 'deadline' });
    await environment.advance(1_000);
    await refused;
    goOn();
    await environment.settle();
    expect(await store.read({ label: 'test' }, (tx) => tx.get('meta', ['a']))).toBeUndefined();
  });
});
