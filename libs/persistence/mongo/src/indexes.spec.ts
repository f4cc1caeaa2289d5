import mongoose from 'mongoose';
import type { Documents } from '@state-server/persistence-port';
import { contractEnvironment } from '@state-server/persistence-contract';
import { openRecordStore } from '@state-server/persistence-records';
import type { FoundIndex, MongoDriver } from './driver';
import { assertIndexes, buildMissing, EXPIRY_INDEX, indexesOf, missingIndexes } from './indexes';
import { MongoKv } from './mongo-kv';
import { schemaOf } from './schemas';
import { tableOf, TABLES } from './tables';
import { MemoryDatabase } from './testing/memory-driver';

/** A driver that lists this instead of the indexes of a collection. */
function listing(collection: string, change: (indexes: FoundIndex[]) => FoundIndex[]): MongoDriver {
  const driver = new MemoryDatabase().driver();
  return {
    ...driver,
    indexes: async (name) => {
      const found = [...((await driver.indexes(name)) ?? [])];
      return name === collection ? change(found) : found;
    },
  };
}

describe('indexes', () => {
  it('are made from the table: one for each of its own, on one field, of documents that have it (STORE-43)', () => {
    expect(indexesOf(tableOf('op_results'))).toEqual([
      { name: 'by_user_seq', key: { by_user_seq: 1 }, sparse: true },
      { name: 'by_seq', key: { by_seq: 1 }, sparse: true },
    ]);
    for (const table of TABLES) {
      const names = indexesOf(table).map(({ name }) => name);
      expect(names.filter((name) => name !== EXPIRY_INDEX)).toEqual(table.indexes.map(({ name }) => name));
    }
  });

  it('have names that are no field of a document (STORE-43)', () => {
    for (const { fields, indexes } of TABLES) {
      for (const { name } of indexes) expect(fields).not.toContain(name);
      for (const field of fields) expect(field).toMatch(/^[a-z]/);
    }
  });

  it('let MongoDB delete only what nothing else is kept for, an hour late (STORE-44, L4)', () => {
    const deleted = TABLES.filter(({ expires }) => expires !== undefined).map(({ name }) => name);
    expect(deleted.sort()).toEqual(['idempotency_keys', 'tickets', 'transactions']);
    for (const table of TABLES) {
      const expiry = indexesOf(table).filter(({ expireAfterSeconds }) => expireAfterSeconds !== undefined);
      expect(expiry.map(({ expireAfterSeconds }) => expireAfterSeconds)).toEqual(
        table.expires === undefined ? [] : [3_600],
      );
    }
  });

  it.each([
    ['absent', (found: FoundIndex[]) => found.filter(({ name }) => name !== 'by_user')],
    ['of all documents', (found: FoundIndex[]) => found.map(({ name, key }) => ({ name, key }))],
    ['on other fields', (found: FoundIndex[]) => found.map((each) => ({ ...each, key: { user_id: 1 } }))],
    ['backward', (found: FoundIndex[]) => found.map((each) => ({ ...each, key: { by_user: -1 } }))],
  ])('are missed where they are %s, and the words say which and what to do (STORE-43)', async (_, change) => {
    const driver = listing('members', change);
    expect(await missingIndexes(driver)).toEqual(['members.by_user']);
    await expect(assertIndexes(driver)).rejects.toMatchObject({ name: 'StoreError', code: 'format' });
    await expect(assertIndexes(driver)).rejects.toThrow(/members\.by_user.*MONGODB_BUILD_INDEXES=true/);
  });

  it('are built where they are not, also a second time (STORE-43)', async () => {
    const database = new MemoryDatabase();
    database.built.clear();
    const driver = database.driver();
    expect(await missingIndexes(driver)).toEqual(TABLES.map(({ name }) => name));
    await buildMissing(driver);
    await buildMissing(driver);
    await expect(assertIndexes(driver)).resolves.toBeUndefined();
  });
});

describe('a stored document', () => {
  const stored = async (name: keyof Documents, document: unknown): Promise<Record<string, unknown>> => {
    const database = new MemoryDatabase();
    const store = await openRecordStore(new MongoKv(database.driver()), contractEnvironment());
    await store.transact({ label: 'spec' }, async (tx) => tx.put(name, document as never));
    const found = [...database.committed].find(([place]) => place.startsWith(`${name}/`));
    return { ...found?.[1] };
  };
  const ticket = { hash: 'h', user_id: 'u', session_id: 's', expires_at: '2026-01-01T00:00:00.000Z' };

  it('shows its keys and the fields of its indexes to people, and its end to MongoDB (STORE-40, STORE-44)', async () => {
    expect(await stored('tickets', ticket)).toMatchObject({
      _id: '\u0002h\u0000',
      hash: 'h',
      expires_at: ticket.expires_at,
      by_expiry: expect.stringMatching(/^.2026-01-01T00:00:00\.000Z..h.[0-9a-f]{8}$/),
      _expires: new Date(ticket.expires_at),
    });
    const session = { id: 's', user_id: 'u', created_at: 'c', last_used_at: 'l', expires_at: 'e' };
    expect(await stored('sessions', session)).not.toHaveProperty('_expires');
  });

  it.each([
    ['tickets', ticket],
    ['log', { brane_id: 'b', seq: 7, frame: new Uint8Array(300_000) }],
    ['branes', { id: 'b', purge_after: 'p' }],
    ['meta', { key: '$where', value: { $x: 1, 'a.b': 2, ['__proto__']: 3 } }],
  ] as const)('of %s fits the schema that is made from the table (STORE-40)', async (name, document) => {
    const Model = mongoose.model(`spec_${name}`, schemaOf(tableOf(name)));
    const found = await stored(name, document);
    await expect(new Model(found).validate()).resolves.toBeUndefined();
    expect(() => new Model({ ...found, colour: 'blue' })).toThrow('colour');
  });
});
