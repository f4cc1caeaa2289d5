import { describeStoreContract, type OpenStore } from '@state-server/persistence-contract';
import { openRecordStore } from '@state-server/persistence-records';
import { MongoKv } from './mongo-kv';
import { flipBits } from './testing/damage';
import { MemoryDatabase, mongoError } from './testing/memory-driver';

/** The whole contract on MongoDB's rules in memory: the translation of keys and values, not MongoDB. */
const open: OpenStore = async (environment) => {
  const database = new MemoryDatabase();
  const openOne = (): ReturnType<typeof openRecordStore> =>
    openRecordStore(new MongoKv(database.driver()), environment);
  const store = await openOne();
  const second = await openOne();
  return {
    store,
    second,
    reopen: openOne,
    damage: (text) => {
      let hits = 0;
      database.committed = new Map(
        [...database.committed].map(([place, document]) => {
          const spoilt = flipBits(document, text);
          if (spoilt) hits += 1;
          return [place, spoilt ?? document];
        }),
      );
      expect(hits).toBeGreaterThan(0);
      return Promise.resolve(store);
    },
    spoilNextCommit: (how) => {
      const lost = mongoError(undefined, {
        name: 'MongoNetworkError',
        labels: ['UnknownTransactionCommitResult'],
      });
      const { onCommitted, onOperation } = database;
      if (how === 'unknown_committed') {
        database.onCommitted = () => {
          database.onCommitted = onCommitted;
          throw lost;
        };
      } else {
        database.onOperation = (operation) => {
          if (operation !== 'commit') return;
          database.onOperation = onOperation;
          throw lost;
        };
      }
    },
    close: () => {
      // Every transaction gives its session back, however it ended.
      expect(database.sessions).toBe(0);
      return Promise.resolve();
    },
  };
};

describeStoreContract("the store on MongoDB's rules in memory", { isolation: 'weak' }, open);
