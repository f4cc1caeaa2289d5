import { describeStoreContract, type OpenStore } from '@state-server/persistence-contract';
import type { Store } from '@state-server/persistence-port';
import { describeWithServer } from '@state-server/testing';
import { openRecordStore } from '@state-server/persistence-records';
import { openMongoStore } from './index';
import { MongoKv } from './mongo-kv';
import { SpoiltDriver } from './testing/spoilt-driver';
import { MONGODB, TestDatabase } from './testing/test-database.spec-support';

/** Against a real server: each test begins with an empty database whose indexes are there. */
describeWithServer({ ...MONGODB, name: 'the store on MongoDB' }, (address) => {
  const database = new TestDatabase(address, 'contract');
  beforeAll(() => database.prepare(), 240_000);
  afterAll(() => database.close());

  const open: OpenStore = async (environment) => {
    await database.clear();
    const opened: Store[] = [];
    const openOne = async (): Promise<Store> => {
      const store = await openMongoStore({ uri: database.uri, environment });
      opened.push(store);
      return store;
    };
    // The first of them by its parts, so that a commit's answer can be lost.
    const driver = new SpoiltDriver(await database.driver());
    const store = await openRecordStore(new MongoKv(driver), environment);
    opened.push(store);
    return {
      store,
      second: await openOne(),
      reopen: openOne,
      damage: async (text) => {
        await database.damage(text);
        return store;
      },
      spoilNextCommit: (how) => driver.spoilNextCommit(how),
      close: async () => {
        for (const each of opened) await each.close();
      },
    };
  };
  describeStoreContract('MongoDB', { isolation: 'weak' }, open);
});
