import type { Environment } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { type FormatOptions, openRecordStore } from '@state-server/persistence-records';
import { connect, type ConnectOptions, DEFAULT_TIMEOUT_MS } from './connect';
import { assertIndexes, buildMissing } from './indexes';
import { MongoKv } from './mongo-kv';
import { MongooseDriver } from './mongoose-driver';

export interface MongoKvOptions extends ConnectOptions {
  /** Makes the collections and indexes that are missing; otherwise their absence is an error that names them. */
  readonly buildIndexes?: boolean;
}

export interface MongoStoreOptions extends MongoKvOptions {
  readonly environment: Environment;
  readonly format?: FormatOptions;
}

/**
 * MongoDB as the record layer sees it, for tools that look at keys and values. Throws StoreError `unavailable` (no server,
 * wrong credentials, a stand-alone or too old server) or `format` (indexes are missing).
 */
export async function openMongoKv(options: MongoKvOptions): Promise<MongoKv> {
  const connection = await connect(options);
  try {
    const driver = new MongooseDriver(connection, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    if (options.buildIndexes) await buildMissing(driver);
    await assertIndexes(driver);
    return new MongoKv(driver);
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw error;
  }
}

/**
 * A store in MongoDB: a replica set or a mongos, of version 6.0 or later. Writes the format version to an empty one, upgrades
 * an older one. Throws as `openMongoKv`, and `format` for data that this version cannot read.
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<Store> {
  const kv = await openMongoKv(options);
  try {
    return await openRecordStore(kv, options.environment, options.format);
  } catch (error) {
    await kv.close();
    throw error;
  }
}
