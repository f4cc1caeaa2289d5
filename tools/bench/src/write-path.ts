import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Committer, createCommitter } from '@state-server/commit';
import { openLmdbStore } from '@state-server/persistence-lmdb';
import type { Store } from '@state-server/persistence-port';
import { realEnvironment as environment } from '@state-server/platform';

/** Runs with a new folder that is removed afterwards. */
export async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs with the write path on an embedded store in the folder; nobody listens to what it publishes. */
export async function withWritePath<T>(
  folder: string,
  run: (committer: Committer, store: Store) => Promise<T>,
): Promise<T> {
  const store = await openLmdbStore({ path: folder, environment });
  const committer = createCommitter({ store, publish: () => undefined, environment, writerId: 'bench' });
  try {
    return await run(committer, store);
  } finally {
    await committer.drain();
    await store.close();
  }
}
