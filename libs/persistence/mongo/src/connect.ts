import mongoose, { type Connection } from 'mongoose';
import { StoreError } from '@state-server/persistence-port';
import { dbOf } from './mongoose-driver';

/** Wire version of MongoDB 6.0. */
const OLDEST_WIRE = 17;
const OLDEST = '6.0';
const DEFAULT_DATABASE = 'state_server';
const AUTHENTICATION_FAILED = [18, 8000];

export type MongoCompressor = 'zstd' | 'snappy' | 'zlib';

export interface ConnectOptions {
  /** `mongodb://` or `mongodb+srv://`; its path names the database, `state_server` without one. */
  readonly uri: string;
  /** Connections of this process, at most; default 50. */
  readonly poolSize?: number;
  /** The first that the server knows, too; default none. zlib is built in, zstd and snappy need their native packages. */
  readonly compressors?: readonly MongoCompressor[];
  /** Milliseconds after which an operation is given up; default 5,000. */
  readonly timeoutMs?: number;
  /** Milliseconds within which a server must be found; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** How this process is named in MongoDB's logs; default `state-server`. */
  readonly appName?: string;
}

export const DEFAULT_TIMEOUT_MS = 5_000;
/** Before the socket is given up, the server has had the time to say that it gives the operation up. */
const SOCKET_GRACE_MS = 2_000;

/**
 * A connection to a server that can do transactions. Throws StoreError `unavailable`, one line that says what is wrong and
 * what would be right, and never the credentials.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const place = placeOf(options.uri);
  const { timeoutMs = DEFAULT_TIMEOUT_MS, connectTimeoutMs = DEFAULT_TIMEOUT_MS, compressors = [] } = options;
  const connection = mongoose.createConnection();
  try {
    await connection.openUri(options.uri, {
      dbName: place.database,
      appName: options.appName ?? 'state-server',
      maxPoolSize: options.poolSize ?? 50,
      minPoolSize: 0,
      maxIdleTimeMS: 60_000,
      serverSelectionTimeoutMS: connectTimeoutMs,
      connectTimeoutMS: connectTimeoutMs,
      waitQueueTimeoutMS: timeoutMs,
      // The driver's `timeoutMS` does nothing: each operation tells the server its limit, and this is for one that says
      // nothing any more.
      socketTimeoutMS: timeoutMs + SOCKET_GRACE_MS,
      autoIndex: false,
      autoCreate: false,
      bufferCommands: false,
      ...(compressors.length > 0 && { compressors: [...compressors] }),
    });
    assertUsable(await dbOf(connection).admin().command({ hello: 1 }), place.hosts);
    return connection;
  } catch (error) {
    await connection.close().catch(() => undefined);
    throw inWords(error, place.hosts, connectTimeoutMs);
  }
}

/** The hosts and the database of an address: what may be shown of it. */
function placeOf(uri: string): { readonly hosts: string; readonly database: string } {
  const found = /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?([^/?]+)(?:\/([^?]*))?/.exec(uri);
  if (!found?.[1]) {
    throw new StoreError('unavailable', 'MONGODB_URI is not an address of MongoDB (mongodb://host/database)');
  }
  return { hosts: found[1], database: decodeURIComponent(found[2] ?? '') || DEFAULT_DATABASE };
}

export interface Hello {
  readonly setName?: unknown;
  readonly msg?: unknown;
  readonly maxWireVersion?: unknown;
}

/** Only a replica set or a mongos can do transactions. */
export function assertUsable(hello: Hello, hosts: string): void {
  const wire = typeof hello.maxWireVersion === 'number' ? hello.maxWireVersion : 0;
  if (wire < OLDEST_WIRE) {
    throw new StoreError(
      'unavailable',
      `MongoDB at ${hosts} is too old: version ${OLDEST} is the oldest that will do`,
    );
  }
  if (typeof hello.setName === 'string' || hello.msg === 'isdbgrid') return;
  throw new StoreError(
    'unavailable',
    `MongoDB at ${hosts} is a stand-alone server, which has no transactions: make it a replica set (mongod --replSet rs0, then rs.initiate(); one member is enough), or give the address of a mongos`,
  );
}

/** Exported for its test. */
export function inWords(error: unknown, hosts: string, waitedMs: number): StoreError {
  if (error instanceof StoreError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const code: unknown = 'code' in cause ? cause.code : undefined;
  const words = (text: string): StoreError => new StoreError('unavailable', text, { cause });
  if (AUTHENTICATION_FAILED.some((known) => known === code)) {
    return words(`MongoDB at ${hosts} refuses the user or the password in MONGODB_URI`);
  }
  if (cause.name === 'MongoParseError' || cause.name === 'MongoInvalidArgumentError') {
    return words(`MONGODB_URI or another option of MongoDB cannot be used: ${cause.message}`);
  }
  if (cause.name === 'MongoMissingDependencyError') {
    return words(`MONGODB_COMPRESSORS asks for what is not installed: ${cause.message}`);
  }
  if (/wire version/.test(cause.message)) {
    return words(`MongoDB at ${hosts} is too old: version ${OLDEST} is the oldest that will do`);
  }
  return words(`MongoDB at ${hosts} does not answer within ${waitedMs} ms: ${cause.message}`);
}
