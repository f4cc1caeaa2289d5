import {
  type AlsoWrite,
  type Committed,
  collectBatch,
  operationId,
  PastTree,
  readOperation,
  RESTORE,
  RESTORE_LIMITS,
  RESTORE_START,
  type RestoreInput,
  type StartedOperation,
  startOperation,
  withReadErrors,
} from '@state-server/commit';
import { type BraneId, asUser, type Environment, type ObjectId, type UserId } from '@state-server/domain';
import type { Transaction } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';
import { type BraneDeps, type BraneWriter, originOf } from './brane-writer';
import { type FoundBrane, findBrane } from './find-brane';
import { type PastPoint, resolvePast } from './get-snapshot';

export interface HistoryWorkDeps extends BraneDeps {
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  readonly poke?: () => void;
}

export interface RestoreBrane extends BraneWriter {
  readonly brane_id: BraneId;
  readonly at: PastPoint;
  /** Only this object, and what was or is below it. */
  readonly subtree?: ObjectId;
  /** Further writes in the transaction of the edit, or of the start of the operation. */
  readonly also?: (tx: Transaction, restored: Restored) => Promise<void>;
}

/** One edit where it fits, which can be undone; else an operation. */
export type Restored =
  | { readonly kind: 'committed'; readonly committed: Committed }
  | { readonly kind: 'started'; readonly started: StartedOperation };

/** A brane up to this size is looked through at once for what has to be changed. */
const LOOKED_AT_ONCE = { ...RESTORE_LIMITS, looked: 20_000 };

/**
 * Brings the objects of a brane, or of a subtree, back to what they were, as new entries of the log. What was made since is
 * marked as deleted; what lives in another brane by now comes back under a new id (SYNC U3); members, visibility and settings
 * stay. Editors may. Throws `history.*`, `object.not_found` for a subtree that was not there, `edit.empty` when nothing differs.
 */
export async function restoreBrane(deps: HistoryWorkDeps, input: RestoreBrane): Promise<Restored> {
  const { brane_id, user_id, op_id, subtree } = input;
  const asked = { at: input.at, ...(subtree === undefined ? {} : { subtree }) };
  const before = await earlier(deps, input, asked);
  if (before) return before;
  const brane = await findBrane(deps.store, user_id, brane_id);
  assertEditable(brane, user_id);
  const seq = await resolvePast(deps.store, brane_id, input.at);
  const tree = await PastTree.read(deps, brane_id, seq, subtree);
  const now = new Date(deps.environment.clock.now()).toISOString();
  const plan = { brane_id, tree, before: now > brane.head.at ? now : brane.head.at, seed: op_id };
  const { targets, bytes, next } = await collectBatch(deps.store, plan, RESTORE_START, LOOKED_AT_ONCE);
  if (!next) return commit(deps, input, { asked, targets, bytes });
  const restore: RestoreInput = {
    seq,
    before: plan.before,
    ...(subtree === undefined ? {} : { subtree }),
  };
  return start(deps, input, asked, restore);
}

type Asked = Readonly<Record<string, unknown>>;

/** What this op id has led to before (SYNC I1): an operation, an edit, or nothing yet. */
async function earlier(
  deps: HistoryWorkDeps,
  input: RestoreBrane,
  asked: Asked,
): Promise<Restored | undefined> {
  const { brane_id, user_id, op_id } = input;
  const operation = await withReadErrors(readOperation(deps.store, operationId(input)));
  if (operation) return start(deps, input, asked, operation.input);
  const record = await withReadErrors(
    deps.store.read({ label: 'brane.restore.record' }, (tx) =>
      tx.get('op_results', [brane_id, user_id, op_id]),
    ),
  );
  return record && commit(deps, input, { asked, targets: [], bytes: 0 });
}

async function commit(
  deps: HistoryWorkDeps,
  input: RestoreBrane,
  restore: Pick<Parameters<BraneDeps['committer']['restore']>[0], 'asked' | 'targets' | 'bytes'>,
): Promise<Restored> {
  const hook = input.also;
  const also: AlsoWrite | undefined = hook && ((tx, committed) => hook(tx, { kind: 'committed', committed }));
  const committed = await deps.committer.restore({
    ...originOf(input, input.brane_id),
    ...restore,
    ...(also && { also }),
  });
  return { kind: 'committed', committed };
}

async function start(
  deps: HistoryWorkDeps,
  input: RestoreBrane,
  asked: Asked,
  restore: Asked,
): Promise<Restored> {
  const hook = input.also;
  const { brane_id, user_id, op_id } = input;
  const started = await startOperation(deps, {
    ...{ brane_id, user_id, op_id, kind: RESTORE, asked, input: restore },
    ...(hook && {
      also: (tx: Transaction, made: StartedOperation) => hook(tx, { kind: 'started', started: made }),
    }),
  });
  return { kind: 'started', started };
}

function assertEditable({ meta }: FoundBrane, userId: UserId): void {
  assertCan(asUser(userId), 'brane.edit', meta, { details: { id: meta.id } });
  if (typeof meta.archived_at === 'string') throw fail('brane.archived', { brane_id: meta.id });
  if (meta.forked_from?.complete === false) throw fail('brane.frozen', { brane_id: meta.id });
}
