import mongoose, { type Connection } from 'mongoose';
import { type CollectionName, StoreError } from '@state-server/persistence-port';
import { findCommand, writeModel } from './commands';
import type { Change, FoundIndex, MongoDriver, MongoSession, Query } from './driver';
import { schemaOf } from './schemas';
import type { StoredDocument } from './stored-document';
import { TABLES } from './tables';

type Session = Awaited<ReturnType<Connection['startSession']>>;
type Db = NonNullable<Connection['db']>;

/** Of every transaction: what it reads stays, what it writes is on a majority's disks before anybody hears of it. */
const TRANSACTION = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
} as const;

const NAMESPACE_NOT_FOUND = 26;
const NAMESPACE_EXISTS = 48;

/** The database of a connection that is open. */
export function dbOf(connection: Connection): Db {
  if (!connection.db) throw new StoreError('unavailable', 'MongoDB is not connected');
  return connection.db;
}

/** The adapter's view of a connection of Mongoose, on which the models of all collections are made. */
export class MongooseDriver implements MongoDriver {
  private readonly db: Db;

  constructor(
    private readonly connection: Connection,
    /** Milliseconds after which the server gives an operation up. */
    private readonly timeoutMs: number,
  ) {
    this.db = dbOf(connection);
    for (const table of TABLES) connection.model(table.name, schemaOf(table), table.name);
  }

  session(): MongoSession {
    return new MongooseSession(this.connection.getClient().startSession(), this.db, this.timeoutMs);
  }

  async indexes(collection: CollectionName): Promise<readonly FoundIndex[] | undefined> {
    try {
      return (await this.db.collection(collection).indexes()) as FoundIndex[];
    } catch (error) {
      if (hasCode(error, NAMESPACE_NOT_FOUND)) return undefined;
      throw error;
    }
  }

  async build(collection: CollectionName): Promise<void> {
    const model = this.connection.model(collection);
    try {
      await model.createCollection();
    } catch (error) {
      if (!hasCode(error, NAMESPACE_EXISTS)) throw error;
    }
    await model.createIndexes();
  }

  async ping(): Promise<void> {
    // By a session that asks the primary, like every transaction.
    await this.db.command({ ping: 1, maxTimeMS: this.timeoutMs }, { readPreference: 'primary' });
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof mongoose.mongo.MongoServerError && error.code === code;
}

class MongooseSession implements MongoSession {
  private isEnded = false;

  constructor(
    private readonly session: Session,
    private readonly db: Db,
    private readonly timeoutMs: number,
  ) {}

  async start(): Promise<void> {
    if (this.session.inTransaction()) await this.session.abortTransaction();
    this.session.startTransaction({ ...TRANSACTION, maxCommitTimeMS: this.timeoutMs });
  }

  async find(collection: CollectionName, query: Query): Promise<readonly StoredDocument[]> {
    const { filter, options } = findCommand(query);
    const { session, timeoutMs } = this;
    const cursor = this.db
      .collection<StoredDocument>(collection)
      .find(filter, { ...options, session, maxTimeMS: timeoutMs, promoteBuffers: true });
    return cursor.toArray();
  }

  async write(
    collection: CollectionName,
    changes: readonly Change[],
  ): Promise<{ readonly made: readonly string[] }> {
    const models = changes.map((change) => writeModel(change));
    const { session, timeoutMs } = this;
    const result = await this.db
      .collection<StoredDocument>(collection)
      .bulkWrite(models, { session, ordered: true, maxTimeMS: timeoutMs });
    const made: string[] = [];
    for (const place of Object.keys(result.upsertedIds)) {
      const change = changes[Number(place)];
      if (change?.kind === 'guard') made.push(change.id);
    }
    return { made };
  }

  commit(): Promise<void> {
    return this.session.commitTransaction();
  }

  async end(): Promise<void> {
    if (this.isEnded) return;
    this.isEnded = true;
    try {
      // Gives an open transaction up, too.
      await this.session.endSession();
    } catch {
      // The server gives it up by itself when it hears no more of it.
    }
  }
}
