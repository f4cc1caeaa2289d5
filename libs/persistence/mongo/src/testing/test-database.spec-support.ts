import mongoose, { type Connection } from 'mongoose';
import { contractEnvironment } from '@state-server/persistence-contract';
import { connect, DEFAULT_TIMEOUT_MS } from '../connect';
import { MongooseDriver } from '../mongoose-driver';
import { openMongoStore } from '../open-mongo-store';
import type { StoredDocument } from '../stored-document';
import { TABLES } from '../tables';
import { flipBits } from './damage';

/** For `describeWithServer`. */
export const MONGODB = {
  variable: 'TEST_MONGODB_URI',
  value: 'a MongoDB server (a replica set or a mongos) in which databases may be made and emptied',
} as const;

/** A database of its own for one spec, on a server that is there. Its indexes stay for the next run. */
export class TestDatabase {
  readonly uri: string;
  private connection: Connection | undefined;

  constructor(server: string, purpose: string) {
    const url = new URL(server);
    url.pathname = `/state_server_test_${purpose}`;
    this.uri = url.toString();
  }

  /** Makes collections and indexes: takes a minute on servers that do so in the background. */
  async prepare(): Promise<void> {
    this.connection = await mongoose.createConnection(this.uri).asPromise();
    await this.clear();
    const store = await openMongoStore({
      uri: this.uri,
      environment: contractEnvironment(),
      buildIndexes: true,
    });
    await store.close();
  }

  /** A driver of its own, with a connection of its own. */
  async driver(): Promise<MongooseDriver> {
    return new MongooseDriver(await connect({ uri: this.uri }), DEFAULT_TIMEOUT_MS);
  }

  async isReplicaSet(): Promise<boolean> {
    const hello = await this.connection?.db?.admin().command({ hello: 1 });
    return hello?.['setName'] !== undefined;
  }

  async clear(): Promise<void> {
    for (const { name } of TABLES) await this.collection(name).deleteMany({});
  }

  /** Flips one bit of every stored value with the text in it. */
  async damage(text: string): Promise<void> {
    let hits = 0;
    for (const { name } of TABLES) {
      for (const document of await this.collection(name).find({}, { promoteBuffers: true }).toArray()) {
        const { _id, ...spoilt } = flipBits(document, text) ?? { _id: undefined };
        if (_id === undefined) continue;
        await this.collection(name).replaceOne({ _id }, spoilt);
        hits += 1;
      }
    }
    expect(hits).toBeGreaterThan(0);
  }

  collection(name: string): mongoose.mongo.Collection<StoredDocument> {
    const db = this.connection?.db;
    if (!db) throw new Error('the test database is not prepared');
    return db.collection<StoredDocument>(name);
  }

  async close(): Promise<void> {
    await this.connection?.close();
  }
}
