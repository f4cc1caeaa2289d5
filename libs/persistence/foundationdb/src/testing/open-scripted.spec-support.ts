import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '@state-server/domain';
import { contractEnvironment } from '@state-server/persistence-contract';
import type { Store } from '@state-server/persistence-port';
import { FoundationDbKv, type FoundationDbKvOptions } from '../foundationdb-kv';
import { type FoundationDbStoreOptions, openFoundationDbStore } from '../foundationdb-store';
import { KeySpace } from '../key-space';
import { ScriptedBinding } from './scripted-binding';

/** A cluster file that is well-formed; it is removed with its folder. */
export function clusterFile(text = 'scripted:double@127.0.0.1:4500\n'): { path: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'fdb-scripted-'));
  const path = join(folder, 'fdb.cluster');
  writeFileSync(path, text);
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

export type Opened<T> = { readonly binding: ScriptedBinding } & T;

/** The driver by itself, on a double of its own, without the probe that opening makes. */
export function scriptedKv(
  options: Partial<FoundationDbKvOptions> = {},
  binding = new ScriptedBinding(),
): Opened<{ readonly kv: FoundationDbKv }> {
  const kv = new FoundationDbKv({
    database: binding.open(),
    keys: new KeySpace('state-server/spec'),
    environment: contractEnvironment(),
    timeoutMs: 5_500,
    ...options,
  });
  return { binding, kv };
}

/** A store on a double, opened as a service opens it. */
export async function scriptedStore(
  options: Partial<FoundationDbStoreOptions> & { readonly environment?: Environment } = {},
  binding = new ScriptedBinding(),
): Promise<Opened<{ readonly store: Store }>> {
  const file = clusterFile();
  try {
    const store = await openFoundationDbStore({
      clusterFile: file.path,
      directory: 'state-server/spec',
      environment: contractEnvironment(),
      load: () => Promise.resolve(binding),
      ...options,
    });
    return { binding, store };
  } finally {
    file.remove();
  }
}
