import { asBraneId, asUserId, type Visibility } from '@state-server/domain';
import { createMemoryKv } from '@state-server/persistence-memory';
import { type BraneDoc, FORMAT_VERSION, type Store, StoreError } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { MIGRATIONS, openRecordStore } from '../format';
import type { OrderedKv } from '../ordered-kv';
import { listPublicBranes } from './list-public-branes';

const LABEL = { label: 'spec' };
const environment = createFakeEnvironment();
const AT = '2026-01-01T00:00:00.000Z';

function brane(index: number, visibility: Visibility, status: BraneDoc['status'] = 'live'): BraneDoc {
  const id = asBraneId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
  const owner = asUserId('00000000-0000-4000-8000-00000000000a');
  return {
    id,
    name: `Town ${index}`,
    visibility,
    status,
    created_at: AT,
    updated_at: AT,
    created_by: owner,
    version: 1,
  };
}

/** Branes as version 1 left them: without a listing. */
async function oldKv(): Promise<OrderedKv> {
  const kv = createMemoryKv();
  const store = await openRecordStore(kv, environment, { version: 1, migrations: [] });
  for (let from = 0; from < 130; from += 65) {
    await store.transact(LABEL, (tx) => {
      for (let index = from; index < from + 65; index += 1) {
        const visibility = (['public', 'private', 'link'] as const)[index % 3] ?? 'public';
        tx.put('branes', brane(index, visibility, index % 9 === 0 ? 'deleted' : 'live'));
      }
      return Promise.resolve();
    });
  }
  return kv;
}

const listed = (store: Store): Promise<string[]> =>
  store.read(LABEL, async (tx) => {
    const docs = await tx.range('listings', { prefix: ['brane'], limit: 500 });
    const terms = await tx.range('search_terms', { prefix: ['brane', 'town'], limit: 500 });
    expect(terms.map(({ id }) => id)).toEqual(docs.map(({ id }) => id));
    return docs.map(({ name_order }) => name_order);
  });

const expected = Array.from({ length: 130 }, (_, index) => index)
  .filter((index) => index % 3 === 0 && index % 9 !== 0)
  .map((index) => `town ${index}`);

describe('a store of version 1 (BRANE-11)', () => {
  it('lists its public branes when it is opened, and no others', async () => {
    const kv = await oldKv();
    const store = await openRecordStore(kv, environment);
    expect(FORMAT_VERSION).toBeGreaterThanOrEqual(2);
    expect(MIGRATIONS).toContain(listPublicBranes);
    expect(await listed(store)).toEqual(expected);
    expect(await listed(await openRecordStore(kv, environment))).toEqual(expected);
  });

  it('does so wherever an earlier attempt was killed, and leaves what was changed meanwhile', async () => {
    const kv = await oldKv();
    const plain = await openRecordStore(kv, environment, { version: 1, migrations: [] });
    let left = 2;
    const dying: Store = {
      ...{
        kind: 'memory',
        read: plain.read.bind(plain),
        check: () => plain.check(),
        close: () => plain.close(),
      },
      transact: (options, callback) => {
        left -= 1;
        return left < 0
          ? Promise.reject(new StoreError('unavailable', 'killed'))
          : plain.transact(options, callback);
      },
    };
    const buildIndex = (): Promise<void> => Promise.resolve();
    await expect(listPublicBranes.run({ store: dying, buildIndex })).rejects.toThrow('killed');
    await plain.transact(LABEL, async (tx) => tx.put('branes', brane(129, 'private')));
    const store = await openRecordStore(kv, environment);
    expect(await listed(store)).toEqual(expected.filter((name) => name !== 'town 129'));
  });
});
