import { StoreError } from '@state-server/persistence-port';
import type { FoundIndex, MongoDriver } from './driver';
import { EXPIRES_LATE_SECONDS, type Table, TABLES } from './tables';

/** An index that a collection must have, as MongoDB is asked for it. */
export interface IndexWanted {
  readonly name: string;
  readonly key: Readonly<Record<string, 1>>;
  readonly sparse?: true;
  readonly expireAfterSeconds?: number;
}

export const EXPIRY_INDEX = 'deleted_by_mongodb';

/** All but the index of `_id`, which every collection has. */
export function indexesOf(table: Table): IndexWanted[] {
  const indexes: IndexWanted[] = table.indexes.map(({ name }) => ({
    name,
    key: { [name]: 1 },
    sparse: true,
  }));
  if (table.expires !== undefined) {
    indexes.push({
      name: EXPIRY_INDEX,
      key: { _expires: 1 },
      expireAfterSeconds: EXPIRES_LATE_SECONDS,
    });
  }
  return indexes;
}

/** What of the table MongoDB does not have: `collection`, `collection.index`, and what is there but otherwise. */
export async function missingIndexes(driver: MongoDriver): Promise<string[]> {
  const missing = TABLES.map(async (table) => {
    const found = await driver.indexes(table.name);
    if (!found) return [table.name];
    return indexesOf(table)
      .filter((wanted) => !found.some((index) => isSame(index, wanted)))
      .map(({ name }) => `${table.name}.${name}`);
  });
  return (await Promise.all(missing)).flat();
}

function isSame(found: FoundIndex, wanted: IndexWanted): boolean {
  const fields = Object.entries(found.key);
  return (
    found.name === wanted.name &&
    fields.length === Object.keys(wanted.key).length &&
    fields.every(([field, direction]) => direction === wanted.key[field]) &&
    (found.sparse ?? false) === (wanted.sparse ?? false) &&
    found.expireAfterSeconds === wanted.expireAfterSeconds
  );
}

/** Collections whose indexes are built at once: MongoDB does other work beside. */
const AT_ONCE = 4;

/** Makes all collections and indexes that are not there. Beside running services; may be repeated. */
export async function buildMissing(driver: MongoDriver): Promise<void> {
  for (let at = 0; at < TABLES.length; at += AT_ONCE) {
    await Promise.all(TABLES.slice(at, at + AT_ONCE).map(({ name }) => driver.build(name)));
  }
}

/** Throws `format` with the words that tell how to come by what is missing. */
export async function assertIndexes(driver: MongoDriver): Promise<void> {
  const missing = await missingIndexes(driver);
  if (missing.length === 0) return;
  const names = missing.join(', ');
  throw new StoreError(
    'format',
    `MongoDB lacks ${missing.length} of the collections and indexes (${names}): build them with ./dev store migrate, or start once with MONGODB_BUILD_INDEXES=true`,
  );
}
