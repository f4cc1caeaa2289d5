import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openLmdbStore } from '@state-server/persistence-lmdb';
import { type CollectionName, type Key, type Store, StoreError } from '@state-server/persistence-port';
import { checkStore, type Fault } from '../check-store';
import { environment } from '../environment';
import { digestOf } from './digest';

/** One record as it was before the damage. */
export interface KnownRecord {
  readonly collection: CollectionName;
  readonly key: Key;
  readonly digest: string;
}

/** What a damaged store said of its records, and what the check said of it. */
export interface Reading {
  /** Why it could not even be opened. */
  readonly refused?: string;
  readonly same: number;
  /** Reads that ended with an error. */
  readonly errors: number;
  readonly absent: number;
  /** Records that were served as something else. */
  readonly wrong: readonly string[];
  readonly faults: readonly Fault[];
}

/** Reads the folders of damaged stores from its input, one a line, and answers a Reading each. */
async function main(knownFile: string): Promise<void> {
  const known = JSON.parse(readFileSync(knownFile, 'utf8')) as KnownRecord[];
  for await (const path of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await read(path, known))}\n`);
  }
}

async function read(path: string, known: readonly KnownRecord[]): Promise<Reading> {
  const seen = { same: 0, errors: 0, absent: 0, wrong: [] as string[] };
  let refused: string | undefined;
  try {
    const store = await openLmdbStore({ path, environment });
    try {
      for (const record of known) {
        const answer = await serve(store, record);
        if (answer === 'wrong') seen.wrong.push(`${record.collection} ${record.key.join(' ')}`);
        else seen[answer] += 1;
      }
    } finally {
      await store.close();
    }
  } catch (error) {
    refused = error instanceof Error ? error.message : String(error);
  }
  const faults: Fault[] = [];
  try {
    await checkStore({ path, onFault: (fault) => faults.push(fault) });
  } catch (error) {
    faults.push({
      kind: 'file',
      record: path,
      message: error instanceof Error ? error.message : String(error),
    });
  }
  return { ...seen, ...(refused === undefined ? {} : { refused }), faults: faults.slice(0, 5) };
}

async function serve(store: Store, record: KnownRecord): Promise<'same' | 'errors' | 'absent' | 'wrong'> {
  try {
    const found = await store.read({ label: 'damage' }, (tx) => tx.get(record.collection, record.key));
    if (!found) return 'absent';
    return digestOf(found) === record.digest ? 'same' : 'wrong';
  } catch (error) {
    if (error instanceof StoreError) return 'errors';
    throw error;
  }
}

void main(process.argv[2] ?? '');
