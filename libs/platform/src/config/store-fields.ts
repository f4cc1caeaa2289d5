import { urlPasswordWeakness } from '@state-server/secrets';
import type { ConfigOf, ConfigRule } from './define-config';
import { field, flag, integer, list, optional, text } from './field';

const ms = { min: 100, max: 600_000 };
const COMPRESSORS = ['zstd', 'snappy', 'zlib'] as const;

const HOST = String.raw`(?:\[[\da-f:.]+\]|[^,/?@\s:[\]]+)(?::\d{1,5})?`;
const MONGODB = new RegExp(String.raw`^mongodb(\+srv)?://([^@/\s]*@)?${HOST}(,${HOST})*([/?]\S*)?$`, 'i');

/** No URL as others are: the hosts of a replica set stand one behind the other, `mongodb://a:27017,b:27017/world`. */
const mongoUri = (value: string): string | undefined => (MONGODB.test(value) ? value : undefined);

/**
 * Where all that is stored lies: `storeChoice` says which of the three it is. No default makes a choice by itself: without
 * any of them it is the embedded store, of one machine.
 */
export const storeFields = {
  STORE_PATH: text({
    description: 'Folder of the embedded store; the same for all services of the machine.',
    default: '.data/store',
  }),
  EMBEDDED_STORE_IN_PRODUCTION: flag({
    description: 'Production on one machine: the embedded store is enough, its backups are taken care of.',
    default: 'false',
  }),
  FDB_ENABLED: flag({ description: 'The store is FoundationDB.', default: 'false' }),
  FDB_CLUSTER_FILE: optional(
    text({
      description:
        'Says where the FoundationDB cluster is; without it, the file that the client library looks for.',
    }),
  ),
  FDB_DIRECTORY: text({
    description:
      'Path of the directory in FoundationDB, parts by slash: one for each environment in a cluster.',
    default: 'state-server',
  }),
  MONGODB_URI: optional(
    field(mongoUri, 'must be a URL (mongodb, mongodb+srv)', {
      description:
        'The store is MongoDB (unless FDB_ENABLED): a replica set or a mongos; its path names the database, state_server without one.',
      sensitive: true,
      inProduction: urlPasswordWeakness,
    }),
  ),
  MONGODB_POOL_SIZE: integer(
    { min: 1, max: 1_000 },
    { description: 'Connections of one process to MongoDB, at most.', default: '50' },
  ),
  MONGODB_COMPRESSORS: list(
    (name) => COMPRESSORS.find((known) => known === name),
    `must be a list of ${COMPRESSORS.join(', ')}`,
    { description: 'How traffic with MongoDB is compressed, the first that both sides know.', default: '' },
  ),
  MONGODB_TIMEOUT_MS: integer(ms, {
    description: 'An operation in MongoDB, its retries included, is given up after this time.',
    unit: 'ms',
    default: '5000',
  }),
  MONGODB_CONNECT_TIMEOUT_MS: integer(ms, {
    description: 'A MongoDB server that can be used must have been found within this time.',
    unit: 'ms',
    default: '5000',
  }),
  MONGODB_BUILD_INDEXES: flag({
    description: 'Builds missing indexes at the start; otherwise `store migrate` does.',
    default: 'false',
  }),
} as const;

export type StoreConfig = ConfigOf<typeof storeFields>;

/** Which store a configuration speaks of, and how people call it. */
export type StoreChoice = 'foundationdb' | 'mongodb' | 'embedded';

/** FDB_ENABLED, else MONGODB_URI, else the embedded store. */
export function storeChoice(config: Pick<StoreConfig, 'FDB_ENABLED' | 'MONGODB_URI'>): StoreChoice {
  if (config.FDB_ENABLED) return 'foundationdb';
  return config.MONGODB_URI === undefined ? 'embedded' : 'mongodb';
}

type Rule = ConfigRule<StoreConfig & { readonly NODE_ENV: string }>;

const embeddedInProduction: Rule = (config) =>
  config.NODE_ENV !== 'production' ||
  config.EMBEDDED_STORE_IN_PRODUCTION ||
  storeChoice(config) !== 'embedded'
    ? undefined
    : 'production needs a store: FDB_ENABLED=true, or MONGODB_URI; or EMBEDDED_STORE_IN_PRODUCTION=true where one machine is all there is';

/** Whoever says both means one of them: the data would lie where nobody looks for it. */
const embeddedOrNot: Rule = (config) =>
  !config.EMBEDDED_STORE_IN_PRODUCTION || storeChoice(config) === 'embedded'
    ? undefined
    : `EMBEDDED_STORE_IN_PRODUCTION and ${config.FDB_ENABLED ? 'FDB_ENABLED' : 'MONGODB_URI'} contradict each other: one store is used, and that is not the embedded one`;

const clusterWithoutStore: Rule = (config) =>
  config.FDB_CLUSTER_FILE === undefined || config.FDB_ENABLED
    ? undefined
    : 'FDB_CLUSTER_FILE is set, and FDB_ENABLED is not true: say which store is meant';

const indexesWithoutStore: Rule = (config) =>
  !config.MONGODB_BUILD_INDEXES || config.MONGODB_URI !== undefined
    ? undefined
    : 'MONGODB_BUILD_INDEXES is true, and MONGODB_URI is not set: say which store is meant';

export const storeRules: readonly Rule[] = [
  embeddedInProduction,
  embeddedOrNot,
  clusterWithoutStore,
  indexesWithoutStore,
];
