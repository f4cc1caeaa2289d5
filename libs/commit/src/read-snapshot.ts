import type { BraneId, BraneMeta, Environment, SceneObject } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { breather } from './breathe';
import { withReadErrors } from './errors';
import { type Position, readBraneIn } from './read';

export interface Snapshot {
  readonly meta: BraneMeta;
  readonly head: Position;
  /** All objects, marked ones included (an undo may lift the mark); in the order of their ids. */
  readonly objects: readonly SceneObject[];
}

export interface SnapshotOptions {
  /** With it the event loop gets its turn every few milliseconds, however large the brane is. */
  readonly environment?: Pick<Environment, 'clock' | 'timers'>;
  /** Documents in one read of the store. */
  readonly pageSize?: number;
  /** Milliseconds for the whole read; default 5,000. */
  readonly deadlineMs?: number;
}

const PAGE = 500;

/** The whole brane from one snapshot of the store; undefined when it is not there, or being purged (SYNC L7). */
export async function readSnapshot(
  store: Store,
  braneId: BraneId,
  options: SnapshotOptions = {},
): Promise<Snapshot | undefined> {
  const { environment, pageSize = PAGE, deadlineMs = 5_000 } = options;
  return withReadErrors(
    store.read({ label: 'commit.read_snapshot', deadlineMs }, async (tx) => {
      const brane = await readBraneIn(tx, braneId);
      if (!brane || brane.head.status === 'purging' || brane.head.status === 'purged') return undefined;
      const breathe = breather(environment);
      const objects: SceneObject[] = [];
      let after: string | undefined;
      for (;;) {
        const page = await tx.range('objects', {
          prefix: [braneId],
          ...(after === undefined ? {} : { gt: [after] }),
          limit: pageSize,
        });
        for (const doc of page) objects.push(doc.object);
        after = page.at(-1)?.id;
        if (after === undefined || page.length < pageSize) break;
        await breathe();
      }
      return { meta: brane.meta, head: { epoch: brane.head.epoch, seq: brane.head.seq }, objects };
    }),
  );
}
