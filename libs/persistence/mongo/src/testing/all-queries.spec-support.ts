import {
  COLLECTIONS,
  type CollectionName,
  type Key,
  type RangeOptions,
  type Store,
} from '@state-server/persistence-port';
import { RecordStore } from '@state-server/persistence-records';
import { createFakeEnvironment } from '@state-server/testing';
import type { MongoDriver, Query } from '../driver';
import { MongoKv } from '../mongo-kv';
import { TABLES } from '../tables';
import { MemoryDatabase } from './memory-driver';

export interface AskedQuery {
  readonly collection: CollectionName;
  readonly query: Query;
}

/** What MongoDB is asked when every collection is read in every way that the port has. */
export async function allQueries(): Promise<AskedQuery[]> {
  const asked: AskedQuery[] = [];
  const store = new RecordStore(new MongoKv(recording(asked)), createFakeEnvironment());
  for (const table of TABLES) {
    await askAll(store, table.name);
  }
  return asked;
}

function recording(asked: AskedQuery[]): MongoDriver {
  const driver = new MemoryDatabase().driver();
  return {
    ...driver,
    session: () => {
      const session = driver.session();
      return {
        start: () => session.start(),
        write: (collection, changes) => session.write(collection, changes),
        commit: () => session.commit(),
        end: () => session.end(),
        find: (collection, query) => {
          asked.push({ collection, query });
          return session.find(collection, query);
        },
      };
    },
  };
}

async function askAll(store: Store, name: CollectionName): Promise<void> {
  const { key, indexes } = COLLECTIONS[name];
  const keyOf = (last: string): Key => key.map((_, place) => (place === key.length - 1 ? last : 'k'));
  const label = { label: 'ask' };
  await store.read(label, (tx) => tx.get(name, keyOf('a')));
  await store.read(label, (tx) => tx.getMany(name, ['a', 'b', 'c'].map(keyOf)));
  for (const index of [undefined, ...Object.keys(indexes)]) {
    for (const bounds of BOUNDS) {
      for (const reverse of [false, true]) {
        const options = { ...(index !== undefined && { index }), ...bounds, reverse, limit: 10 };
        await store.read(label, (tx) => tx.range(name, options as unknown as RangeOptions<typeof name>));
      }
    }
  }
}

const BOUNDS: Pick<RangeOptions<CollectionName>, 'prefix' | 'gt' | 'gte' | 'lt' | 'lte'>[] = [
  { prefix: [] },
  { prefix: ['k'] },
  { prefix: [], gt: ['a'], lte: ['b'] },
  { prefix: [], gte: ['a'], lt: ['b'] },
];
