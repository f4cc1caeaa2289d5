import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renewEpochs } from '@state-server/commit';
import { inspectStoreFile, LmdbKv, openLmdbStore, storeFileIn } from '@state-server/persistence-lmdb';
import type { Store } from '@state-server/persistence-port';
import { environment } from './environment';

/** Longer than any access token lives. */
const REVOKED_MS = 24 * 3_600_000;
const PAGE = 200;
const LABEL = { label: 'store.restore' } as const;

/** Copies a store, whether services run or not, into a folder that is not there or empty. Answers the copy's bytes. */
export async function backupStore(path: string, into: string): Promise<number> {
  if (!inspectStoreFile(path)) throw new Error(`there is no store in ${path}`);
  if (existsSync(into) && readdirSync(into).length > 0) throw new Error(`${into} is not empty`);
  mkdirSync(into, { recursive: true });
  const kv = new LmdbKv({ path, environment });
  try {
    await kv.backup(into);
  } finally {
    await kv.close();
  }
  sync(storeFileIn(into));
  sync(into);
  return statSync(storeFileIn(into)).size;
}

/** Throws while other processes have the store open. */
export async function assertUnused(path: string): Promise<void> {
  const file = inspectStoreFile(path);
  if (!file || file.faults.length > 0) return;
  const kv = new LmdbKv({ path, environment });
  try {
    const others = kv.otherProcesses();
    if (others.length === 0) return;
    throw new Error(`processes use the store (${others.join(', ')}): end them first, ./dev down`);
  } finally {
    await kv.close();
  }
}

export interface Restored {
  readonly branes: number;
  readonly users: number;
  /** Where the store that was there before has gone. */
  readonly before: string | undefined;
}

/**
 * Makes a copy of a backup ready beside the store: its branes in new epochs, for their logs may lack what was seen of them
 * (SYNC L3), and everybody signed out, for what was revoked since is not known (SYNC F1). Answers the folder.
 */
export async function prepareRestore(
  backup: string,
  path: string,
): Promise<{ readonly draft: string; readonly branes: number; readonly users: number }> {
  if (!existsSync(storeFileIn(backup))) throw new Error(`there is no backup in ${backup}`);
  const draft = `${path}.restoring`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  await copyFile(storeFileIn(backup), storeFileIn(draft));
  const store = await openLmdbStore({ path: draft, environment });
  try {
    const branes = await renewEpochs(store, environment);
    const users = await signEverybodyOut(store);
    return { draft, branes, users };
  } finally {
    await store.close();
  }
}

/** Puts the prepared store in its place. The one that was there is kept beside it. */
export function putInPlace(draft: string, path: string): string | undefined {
  sync(storeFileIn(draft));
  let before: string | undefined;
  if (existsSync(path)) {
    before = `${path}.before-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    renameSync(path, before);
  }
  renameSync(draft, path);
  sync(dirname(path));
  return before;
}

async function signEverybodyOut(store: Store): Promise<number> {
  let users = 0;
  for (let after: string | undefined, more = true; more;) {
    const from = after;
    const page = await store.transact(LABEL, async (tx) => {
      const docs = await tx.range('users', {
        prefix: [],
        ...(from === undefined ? {} : { gt: [from] }),
        limit: PAGE,
      });
      // Tokens say when they were issued in whole seconds.
      const now = Math.floor(Date.now() / 1_000) * 1_000;
      const at = new Date(now).toISOString();
      const expires_at = new Date(now + REVOKED_MS).toISOString();
      for (const { id } of docs)
        tx.put('revocations', { kind: 'user', value: id, at, not_before: at, expires_at });
      return docs;
    });
    users += page.length;
    after = page.at(-1)?.id;
    more = page.length === PAGE;
  }
  await empty(store, 'sessions', (doc) => [doc.id]);
  await empty(store, 'refresh_tokens', (doc) => [doc.hash]);
  await empty(store, 'tickets', (doc) => [doc.hash]);
  await empty(store, 'oauth_flows', (doc) => [doc.hash]);
  await empty(store, 'oauth_codes', (doc) => [doc.hash]);
  return users;
}

type Secret = 'sessions' | 'refresh_tokens' | 'tickets' | 'oauth_flows' | 'oauth_codes';
type SecretDoc = { readonly id: string; readonly hash: string };

async function empty(
  store: Store,
  collection: Secret,
  keyOf: (doc: SecretDoc) => readonly [string],
): Promise<void> {
  for (let more = true; more;) {
    more = await store.transact(LABEL, async (tx) => {
      const docs = await tx.range(collection, { prefix: [], limit: PAGE });
      for (const doc of docs) tx.delete(collection, keyOf(doc as unknown as SecretDoc));
      return docs.length === PAGE;
    });
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export const storeIn = (dataDir: string): string => join(dataDir, 'store');
