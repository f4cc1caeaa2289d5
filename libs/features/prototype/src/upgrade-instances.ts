import {
  authoriseInBrane,
  type Committed,
  type Committer,
  type OperationKind,
  type OperationStep,
  type StartedOperation,
  startOperation,
  type StepOutcome,
  withReadErrors,
} from '@state-server/commit';
import {
  asPrototypeId,
  type BraneId,
  type ClientOp,
  type ObjectId,
  type OpId,
  type PrototypeId,
  type UserId,
} from '@state-server/domain';
import type { ObjectDoc, Store, Transaction } from '@state-server/persistence-port';
import { fail, StateError } from '@state-server/protocol';
import { seenIn } from './find-prototype';
import type { PrototypeDeps } from './prototype-deps';

/** Name of the kind of operation. */
export const UPGRADE_INSTANCES = 'prototype.upgrade';

export interface UpgradeInstances {
  readonly user_id: UserId;
  readonly op_id: OpId;
  readonly brane_id: BraneId;
  readonly prototype_id: PrototypeId;
  /** Without it the latest. */
  readonly version?: number;
  readonly also?: (tx: Transaction, started: StartedOperation) => Promise<void>;
}

/**
 * Asks for the upgrade of all instances of a prototype in a brane (SYNC S3): edit by edit, each with the rights that the
 * user has then. Throws `brane.not_found`, `permission.denied`, and what `findPrototype` does.
 */
export async function upgradeInstances(
  deps: Pick<PrototypeDeps, 'store' | 'environment'> & { readonly poke?: () => void },
  input: UpgradeInstances,
): Promise<StartedOperation> {
  const { user_id, op_id, brane_id, prototype_id, also } = input;
  await authoriseInBrane(deps.store, user_id, brane_id, 'brane.edit');
  const version = await targetOf(deps.store, input);
  return startOperation(deps, {
    kind: UPGRADE_INSTANCES,
    brane_id,
    user_id,
    op_id,
    input: { prototype_id, version },
    ...(also ? { also } : {}),
  });
}

async function targetOf(store: Store, { user_id, prototype_id, version }: UpgradeInstances): Promise<number> {
  return withReadErrors(
    store.read({ label: 'prototype.target' }, async (tx) => {
      const { latest_version } = await seenIn(tx, user_id, prototype_id);
      if (latest_version === undefined) throw fail('prototype.unpublished', { id: prototype_id });
      if (version === undefined || version <= latest_version) return version ?? latest_version;
      throw fail('prototype.version_not_found', { id: prototype_id, version });
    }),
  );
}

/** Instances of one edit at the most, and objects of all of them together. */
const BATCH = 10;
const BATCH_OBJECTS = 200;
/** Refused instances that the result names. */
const NAMED = 100;

/** How far it has come. What is upgraded leaves the index's range, so only what was passed over has to be remembered. */
interface Progress {
  /** The last instance that was looked at: its version, its id. */
  readonly after?: readonly [number, string];
  readonly upgraded: number;
  readonly conflicts: number;
  readonly refused: readonly { readonly id: string; readonly code: string }[];
  /** So many are to be tried one by one: together they were refused. */
  readonly alone: number;
}

const NOTHING: Progress = { upgraded: 0, conflicts: 0, refused: [], alone: 0 };
/** What concerns all instances alike, and ends the operation. */
const FOR_ALL: ReadonlySet<string> = new Set([
  'permission.denied',
  'brane.not_found',
  'brane.deleted',
  'brane.frozen',
  'prototype.not_found',
  'prototype.deleted',
  'prototype.version_not_found',
]);
/** It is gone, or somebody else was faster. */
const PASSED_OVER: ReadonlySet<string> = new Set(['object.not_found', 'upgrade.nothing']);

/** The work of it, for whoever works operations off. */
export function upgradeInstancesKind(deps: {
  readonly store: Store;
  readonly committer: Committer;
}): OperationKind {
  return { kind: UPGRADE_INSTANCES, step: (step) => upgradeSome(deps, step) };
}

async function upgradeSome(
  deps: { readonly store: Store; readonly committer: Committer },
  step: OperationStep,
): Promise<StepOutcome> {
  const { operation } = step;
  const progress = (operation.cursor as Progress | undefined) ?? NOTHING;
  const prototypeId = asPrototypeId(String(operation.input['prototype_id']));
  const version = Number(operation.input['version']);
  const batch = await nextInstances(deps.store, operation.brane_id, { prototypeId, version, progress });
  const last = batch.at(-1);
  if (!last) return { kind: 'done', result: resultOf(progress), progress: { done: progress.upgraded } };
  const after = [last.prototype_version ?? version, last.id] as const;
  const live = batch.filter(
    (doc) => doc.deleted_at === undefined && doc.object.prototype?.member === undefined,
  );
  const alone = Math.max(0, progress.alone - batch.length);
  if (live.length === 0) return more({ ...progress, after, alone });
  const left = ({ skipped = [] }: Committed): StepOutcome =>
    more({
      ...progress,
      after,
      alone,
      upgraded: progress.upgraded + live.length,
      conflicts: progress.conflicts + skipped.length,
    });
  try {
    const committed = await deps.committer.edit({
      brane_id: operation.brane_id,
      actor: { kind: 'user', user_id: operation.user_id },
      op_id: step.opId,
      ops: live.map(({ id }): ClientOp => ({ op: 'upgrade', id, version })),
      also: (tx, outcome) => step.advanceIn(tx, left(outcome)),
    });
    return left(committed);
  } catch (error) {
    if (!(error instanceof StateError) || error.retryable || FOR_ALL.has(error.code)) throw error;
    if (batch.length > 1) return more({ ...progress, alone: batch.length });
    return more({ ...progress, after, alone, refused: withRefused(progress, last.id, error.code) });
  }
}

function withRefused({ refused }: Progress, id: ObjectId, code: string): Progress['refused'] {
  return PASSED_OVER.has(code) || refused.length >= NAMED ? refused : [...refused, { id, code }];
}

function more(progress: Progress): StepOutcome {
  return { kind: 'more', cursor: { ...progress }, progress: { done: progress.upgraded } };
}

function resultOf({ upgraded, conflicts, refused }: Progress): Readonly<Record<string, unknown>> {
  return { upgraded, conflicts, refused };
}

/** The next instances below the version, as many as one edit takes. */
async function nextInstances(
  store: Store,
  braneId: BraneId,
  asked: { readonly prototypeId: PrototypeId; readonly version: number; readonly progress: Progress },
): Promise<readonly ObjectDoc[]> {
  const { prototypeId, version, progress } = asked;
  return withReadErrors(
    store.read({ label: 'prototype.instances' }, async (tx) => {
      const facts = await tx.get('prototype_versions', [prototypeId, version]);
      const fitting = Math.floor(BATCH_OBJECTS / (facts?.objects ?? 1));
      return tx.range('objects', {
        index: 'by_prototype',
        prefix: [braneId, prototypeId],
        lt: [version],
        ...(progress.after === undefined ? {} : { gt: progress.after }),
        limit: progress.alone > 0 ? 1 : Math.max(1, Math.min(BATCH, fitting)),
      });
    }),
  );
}
