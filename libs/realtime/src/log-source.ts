import { readBrane, readLog, readSnapshot } from '@state-server/commit';
import type { Environment } from '@state-server/domain';
import { type Store, StoreError } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { LogSource } from './ports';

/** Milliseconds; a joiner waits longer for a large brane than anybody for a head. */
const READ_MS = 5_000;
const SNAPSHOT_MS = 30_000;

/** The engine's reads, from a store. */
export function storeLogSource(store: Store, environment: Environment): LogSource {
  return {
    async brane(braneId) {
      const view = await readBrane(store, braneId);
      return view?.head.status === 'purging' || view?.head.status === 'purged' ? undefined : view;
    },
    log: (braneId, range) => readLog(store, braneId, range),
    snapshot: (braneId) => readSnapshot(store, braneId, { environment, deadlineMs: SNAPSHOT_MS }),
    heads: (braneIds) =>
      reading(
        store.read({ label: 'realtime.heads', deadlineMs: READ_MS }, async (tx) => {
          const heads = await tx.getMany(
            'heads',
            braneIds.map((id) => [id]),
          );
          return heads.map((head) => head && { epoch: head.epoch, seq: head.seq });
        }),
      ),
    committed: (braneId, userId, opIds, seq) =>
      reading(
        store.read({ label: 'realtime.committed', deadlineMs: READ_MS }, async (tx) => {
          const results = await tx.getMany(
            'op_results',
            opIds.map((opId) => [braneId, userId, opId]),
          );
          return results.flatMap((result) =>
            result && result.refused === undefined && result.seq <= seq ? [result.op_id] : [],
          );
        }),
      ),
  };
}

async function reading<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw fail('dependency.unavailable', undefined, undefined, { cause: error });
  }
}
