import {
  type BraneState,
  readBrane,
  readCheckpoint,
  readCheckpointPosition,
  readLog,
  readState,
  wantCheckpoint,
} from '@state-server/commit';
import type { Environment } from '@state-server/domain';
import { type Store, StoreError } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { LogSource } from './ports';

const READ_MS = 5_000;
/** A brane of so many objects gets a checkpoint when somebody had to read them all. */
const LARGE_OBJECTS = 500;

/** The engine's reads, from a store. */
export function storeLogSource(store: Store, environment: Environment): LogSource {
  return {
    async brane(braneId) {
      const view = await readBrane(store, braneId);
      return view?.head.status === 'purging' || view?.head.status === 'purged' ? undefined : view;
    },
    log: (braneId, range) => readLog(store, braneId, range),
    checkpoint: (braneId) => readCheckpointPosition(store, braneId),
    async state(braneId, from, known) {
      const checkpoint =
        from === 'checkpoint' ? await readCheckpoint(store, braneId, { environment, known }) : undefined;
      if (checkpoint) return checkpoint;
      const state = await readState(store, braneId, { environment });
      // The next one shall have it easier. Whether that is asked for is nothing that a join may depend on.
      if (state && isLarge(state)) await wantCheckpoint(store, braneId).catch(() => undefined);
      return state;
    },
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
    putOut: (braneId, userId, kind) =>
      reading(
        store.read({ label: 'realtime.put_out', deadlineMs: READ_MS }, async (tx) => {
          const found = await tx.get('moderations', [braneId, kind, userId]);
          if (!found) return undefined;
          const { reason, until } = found;
          return kind === 'kick' || until === undefined ? { reason } : { reason, until };
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

function isLarge({ chunks }: BraneState): boolean {
  let objects = 0;
  for (const chunk of chunks) objects += chunk.objects;
  return objects >= LARGE_OBJECTS;
}
