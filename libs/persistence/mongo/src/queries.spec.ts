import mongoose, { type Connection } from 'mongoose';
import { describeWithServer } from '@state-server/testing';
import { findCommand } from './commands';
import { indexesOf } from './indexes';
import { TABLES } from './tables';
import { type AskedQuery, allQueries } from './testing/all-queries.spec-support';
import { MONGODB, TestDatabase } from './testing/test-database.spec-support';

/** Fields of a query by which documents are found, and the index that it is to use. */
function shapeOf({ query }: AskedQuery): { fields: string[]; sort: string[]; index: string } {
  const { filter, options } = findCommand(query);
  return {
    fields: Object.keys(filter),
    sort: Object.keys(options.sort ?? {}),
    index: query.kind === 'ids' ? '_id' : query.field,
  };
}

describe('every query of the port', () => {
  let asked: AskedQuery[] = [];
  beforeAll(async () => {
    asked = await allQueries();
  });

  it('is asked of each collection by its key and by each of its indexes, both ways (STORE-43)', () => {
    for (const table of TABLES) {
      const ways = asked
        .filter(({ collection }) => collection === table.name)
        .map(({ query }) => (query.kind === 'ids' ? 'ids' : `${query.field} ${query.reverse}`));
      const expected = ['_id', ...table.indexes.map(({ name }) => name)];
      expect(new Set(ways)).toEqual(
        new Set(['ids', ...expected.flatMap((field) => [`${field} false`, `${field} true`])]),
      );
    }
  });

  it('is answered by one generated index: filter and order are on its only field, which it names (STORE-43)', () => {
    for (const each of asked) {
      const table = TABLES.find(({ name }) => name === each.collection);
      const generated = ['_id', ...(table ? indexesOf(table) : []).map(({ key }) => Object.keys(key).join())];
      const { fields, sort, index } = shapeOf(each);
      expect(generated).toContain(index);
      expect(fields).toEqual([index]);
      if (each.query.kind === 'ids') continue;
      expect(sort).toEqual([index]);
      expect(findCommand(each.query).options).toMatchObject({ hint: { [index]: 1 }, limit: 10 });
    }
  });
});

/** How MongoDB, and servers that speak its protocol, call the walk of an index in a plan. */
const INDEX_STAGES = ['IXSCAN', 'IDHACK', 'EXPRESS_IXSCAN', 'EXPRESS_CLUSTERED_IXSCAN', 'CLUSTERED_IXSCAN'];

/** All objects within the plan that are a stage of it, wherever a server puts them. */
function stagesOf(plan: unknown): Record<string, unknown>[] {
  if (typeof plan !== 'object' || plan === null) return [];
  const inner = Object.values(plan).flatMap((value) => stagesOf(value));
  return 'stage' in plan ? [plan, ...inner] : inner;
}

describeWithServer({ ...MONGODB, name: 'explain() on MongoDB' }, (address) => {
  const database = new TestDatabase(address, 'explain');
  let connection: Connection;
  beforeAll(async () => {
    await database.prepare();
    connection = await mongoose.createConnection(database.uri).asPromise();
  }, 240_000);
  afterAll(async () => {
    await connection.close();
    await database.close();
  });

  it('shows the index for every query of the port, and no walk of a collection (STORE-43)', async () => {
    const asked = await allQueries();
    for (const each of asked) {
      const { filter, options } = findCommand(each.query);
      const explained = (await database.collection(each.collection).find(filter, options).explain()) as {
        queryPlanner: { winningPlan: unknown };
      };
      const stages = stagesOf(explained.queryPlanner.winningPlan);
      const names = stages.map(({ stage }) => stage);
      const index = stages.find(({ stage }) => INDEX_STAGES.includes(String(stage)));
      const what = `${each.collection} ${JSON.stringify(each.query)}: ${JSON.stringify(names)}`;
      expect([what, names.includes('COLLSCAN')]).toEqual([what, false]);
      expect([what, index !== undefined]).toEqual([what, true]);
      const { index: field } = shapeOf(each);
      // By key, MongoDB has a short way that names no index.
      if (index?.['indexName'] !== undefined) {
        expect([what, index['indexName']]).toEqual([what, field === '_id' ? '_id_' : field]);
      }
      // MongoDB takes the order from the index. DocumentDB on PostgreSQL sorts what the index has found.
      const isDocumentDb = stages.some((stage) => 'estimatedTotalKeysExamined' in stage);
      if (!isDocumentDb) expect([what, names.includes('SORT')]).toEqual([what, false]);
    }
  }, 120_000);
});
