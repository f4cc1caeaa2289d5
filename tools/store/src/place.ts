import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LmdbKv } from '@state-server/persistence-lmdb';
import type { Store } from '@state-server/persistence-port';
import { type FormatOptions, openRecordStore, type OrderedKv } from '@state-server/persistence-records';
import { environment } from './environment';

type Variables = Readonly<Record<string, string | undefined>>;

/** Where a store lies. */
export type Place =
  | { readonly kind: 'lmdb'; readonly path: string }
  | { readonly kind: 'mongodb'; readonly uri: string }
  | { readonly kind: 'foundationdb'; readonly clusterFile?: string; readonly directory: string };

export const DEFAULT_DIRECTORY = 'state-server';

/**
 * `lmdb:PATH`, `mongodb://…`, `fdb:CLUSTERFILE#DIRECTORY` (each part may be left out), or `env:NAME` for an address that
 * other users of the machine are not to see among the arguments of a process. Throws words without the address.
 */
export function parsePlace(text: string, variables: Variables = process.env): Place {
  if (text.startsWith('env:')) {
    const value = variables[text.slice(4)];
    if (!value) throw new Error(`${text.slice(4)} is not set: it was to say where the store is`);
    return parsePlace(value, {});
  }
  if (text.startsWith('lmdb:') && text.length > 5) return { kind: 'lmdb', path: resolve(text.slice(5)) };
  if (/^mongodb(\+srv)?:\/\//.test(text)) return { kind: 'mongodb', uri: text };
  if (text.startsWith('fdb:')) {
    const [clusterFile = '', directory = DEFAULT_DIRECTORY] = text.slice(4).split('#');
    return { kind: 'foundationdb', directory, ...(clusterFile !== '' && { clusterFile }) };
  }
  throw new Error(
    'a store is lmdb:PATH, mongodb://…, fdb:CLUSTERFILE#DIRECTORY, or env:NAME of a variable with one',
  );
}

/** By the variables that the services read (libs/platform, store-fields.ts; compared in the spec). */
export function placeByVariables(variables: Variables, otherwise: string): Place {
  if (['true', '1'].includes((variables['FDB_ENABLED'] ?? '').toLowerCase())) {
    const clusterFile = variables['FDB_CLUSTER_FILE'];
    const directory = variables['FDB_DIRECTORY'] || DEFAULT_DIRECTORY;
    return { kind: 'foundationdb', directory, ...(clusterFile ? { clusterFile } : {}) };
  }
  const uri = variables['MONGODB_URI'];
  if (uri) return { kind: 'mongodb', uri };
  return { kind: 'lmdb', path: resolve(variables['STORE_PATH'] || otherwise) };
}

/** For people; an address may hold a password. */
export function wordsOf(place: Place): string {
  switch (place.kind) {
    case 'lmdb':
      return place.path;
    case 'mongodb': {
      const url = new URL(place.uri.replace(/^mongodb(\+srv)?:/, 'http:').replace(/,[^/]*/, ''));
      return `MongoDB at ${url.host}${url.pathname}`;
    }
    case 'foundationdb':
      return `FoundationDB, directory ${place.directory}`;
    default:
      return place satisfies never;
  }
}

/** An embedded store is made where none is, which is not what somebody means who speaks of one. */
export function assertThere(place: Place): void {
  if (place.kind === 'lmdb' && !existsSync(join(place.path, 'data.mdb'))) {
    throw new Error(`there is no store in ${place.path}`);
  }
}

/** Below the record layer: nothing is looked at, nothing is upgraded. A driver is loaded by whoever needs it. */
export async function openKv(
  place: Place,
  options: { readonly buildIndexes?: boolean } = {},
): Promise<OrderedKv> {
  switch (place.kind) {
    case 'lmdb':
      return new LmdbKv({ path: place.path, environment });
    case 'mongodb': {
      const { openMongoKv } = await import('@state-server/persistence-mongo');
      return openMongoKv({ uri: place.uri, appName: 'state-server store', ...options });
    }
    case 'foundationdb': {
      const { openFoundationDbKv } = await import('@state-server/persistence-foundationdb');
      const { kind: _, ...where } = place;
      return openFoundationDbKv({ ...where, environment });
    }
    default:
      return place satisfies never;
  }
}

/** As the services have it open: of this version's format, upgraded if need be. What MongoDB lacks of its indexes is built. */
export async function openPlace(place: Place, format: FormatOptions = {}): Promise<Store> {
  const kv = await openKv(place, { buildIndexes: true });
  try {
    return await openRecordStore(kv, environment, format);
  } catch (error) {
    await kv.close();
    throw error;
  }
}
