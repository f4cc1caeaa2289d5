import { asOpId, type BraneId, type Environment } from '@state-server/domain';
import { fail, StateError } from '@state-server/protocol';
import type { OperationDoc, Store, Transaction } from '@state-server/persistence-port';
import { toCommitError } from '../errors';
import { derivedUuid } from '../fingerprint';
import {
  OPERATION_KEPT_MS,
  type OperationKind,
  type OperationStep,
  readOperation,
  type StepOutcome,
} from './operation';

/** Who took an operation up has it to himself for so long after each step, ms: so long it rests when he dies. */
export const OPERATION_LEASE_MS = 10_000;
/** Between two attempts of a step that failed, ms: doubled with each, up to the second. */
const RETRY_MS = { first: 250, most: 60_000 } as const;
/** Attempts of one step, while what it failed of may pass (an outage), and when it is a mistake. */
const ATTEMPTS = { passing: 500, fault: 6 } as const;

export interface WorkDeps {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock'>;
  /** By their kind. An operation of another one is left to whoever knows it. */
  readonly kinds: ReadonlyMap<string, OperationKind>;
  /** Names this process among all that work operations off. */
  readonly runner: string;
  /** Told of every attempt of a step that came to nothing. Must not throw. */
  readonly onFailure?: (operation: OperationDoc, error: unknown) => void;
}

/**
 * - `ended`: it has succeeded or failed (perhaps long ago), or is not there;
 * - `taken`: another process works on it;
 * - `later`: a step has failed and is tried again, or its kind is not known here;
 * - `stopped`: told to stop; anybody may take it up at once.
 */
export type WorkOutcome = 'ended' | 'taken' | 'later' | 'stopped';

/** Registries fail at start, not at use: throws for a kind that is there twice. */
export function operationKinds(kinds: readonly OperationKind[]): ReadonlyMap<string, OperationKind> {
  const byKind = new Map<string, OperationKind>();
  for (const kind of kinds) {
    if (byKind.has(kind.kind)) throw new Error(`two kinds of operations are called ${kind.kind}`);
    byKind.set(kind.kind, kind);
  }
  return byKind;
}

/** Operations that somebody may take up by now, the longest due first. */
export async function dueOperations(store: Store, now: number, limit: number): Promise<string[]> {
  const due = await store.read({ label: 'operation.due' }, (tx) =>
    tx.range('operations', {
      index: 'by_due',
      prefix: [],
      lte: [new Date(now).toISOString()],
      limit,
    }),
  );
  return due.map(({ id }) => id);
}

/** The step was done by somebody else meanwhile, or is his now: what this process wanted to write is not written. */
class StepLost extends Error {
  constructor(id: string) {
    super(`the step of the operation ${id} belongs to another`);
    this.name = 'StepLost';
  }
}

/** Takes an operation up and works it off, step by step, until it ends, a step fails or the signal says stop (SYNC S3). */
export async function workOperation(deps: WorkDeps, id: string, signal?: AbortSignal): Promise<WorkOutcome> {
  const taken = await takeUp(deps, id);
  if (typeof taken === 'string') return taken;
  for (let operation = taken; ;) {
    const kind = deps.kinds.get(operation.kind);
    if (!kind) return letGo(deps, operation, RETRY_MS.most, 'later');
    if (signal?.aborted) return letGo(deps, operation, 0, 'stopped');
    try {
      const step = new Step(deps, operation, signal);
      await step.finish(await kind.step(step));
    } catch (error) {
      const now = await readOperation(deps.store, id);
      if (!isSame(now, operation)) {
        // It was done after all, here or elsewhere.
        if (now?.state === 'running' && now.runner !== deps.runner) return 'taken';
      } else if (signal?.aborted) return letGo(deps, operation, 0, 'stopped');
      else return refuse(deps, operation, error);
    }
    const next = await readOperation(deps.store, id);
    if (next?.state !== 'running') return 'ended';
    if (next.runner !== deps.runner) return 'taken';
    operation = next;
  }
}

function isSame(now: OperationDoc | undefined, before: OperationDoc): boolean {
  return now?.state === 'running' && now.step === before.step && now.runner === before.runner;
}

class Step implements OperationStep {
  readonly opId;

  constructor(
    private readonly deps: WorkDeps,
    readonly operation: OperationDoc,
    readonly signal: AbortSignal | undefined,
  ) {
    this.opId = asOpId(derivedUuid(['operation step', operation.id, operation.step]));
  }

  derivedId(name: string): string {
    return derivedUuid(['operation id', this.operation.id, name]);
  }

  advance(outcome: StepOutcome) {
    return (tx: Transaction) => this.advanceIn(tx, outcome);
  }

  /** Done once: who comes too late finds another step there. */
  async advanceIn(tx: Transaction, outcome: StepOutcome): Promise<void> {
    const now = await tx.get('operations', [this.operation.id]);
    if (now?.state !== 'running' || now.step !== this.operation.step) throw new StepLost(this.operation.id);
    tx.put('operations', after(now, outcome, this.deps));
  }

  /** Writes what the step leaves, unless the step itself has done so. */
  async finish(outcome: StepOutcome): Promise<void> {
    const { store } = this.deps;
    const { id, step } = this.operation;
    await store.transact({ label: 'operation.advance' }, async (tx) => {
      const now = await tx.get('operations', [id]);
      if (now?.state === 'running' && now.step === step) tx.put('operations', after(now, outcome, this.deps));
    });
  }
}

function after(now: OperationDoc, outcome: StepOutcome, { environment, runner }: WorkDeps): OperationDoc {
  const ms = environment.clock.now();
  const { failures: _none, cursor: _before, due_at: _due, ...rest } = now;
  const { total } = now.progress;
  const progress = outcome.progress ?? now.progress;
  const base = {
    ...rest,
    step: now.step + 1,
    progress: total === undefined ? progress : { total, ...progress },
    updated_at: text(ms),
  };
  if (outcome.kind === 'more') {
    return { ...base, runner, cursor: outcome.cursor, due_at: text(ms + OPERATION_LEASE_MS) };
  }
  const result = outcome.result === undefined ? {} : { result: outcome.result };
  return { ...base, state: 'succeeded', ...result, expires_at: text(ms + OPERATION_KEPT_MS) };
}

async function takeUp({ store, environment, runner }: WorkDeps, id: string) {
  return store.transact({ label: 'operation.take' }, async (tx): Promise<OperationDoc | WorkOutcome> => {
    const operation = await tx.get('operations', [id]);
    if (operation?.state !== 'running') return 'ended';
    const ms = environment.clock.now();
    if (operation.due_at !== undefined && operation.due_at > text(ms)) return 'taken';
    const taken: OperationDoc = { ...operation, runner, due_at: text(ms + OPERATION_LEASE_MS) };
    tx.put('operations', taken);
    return taken;
  });
}

/** Anybody may take it up again after `ms`. */
async function letGo<Outcome extends WorkOutcome>(
  { store, environment }: WorkDeps,
  operation: OperationDoc,
  ms: number,
  outcome: Outcome,
): Promise<Outcome> {
  await store.transact({ label: 'operation.let_go' }, async (tx) => {
    const now = await tx.get('operations', [operation.id]);
    if (!now || !isSame(now, operation)) return;
    tx.put('operations', { ...now, due_at: text(environment.clock.now() + ms) });
  });
  return outcome;
}

/** A step has failed: it is tried again later, or the operation ends with the reason. */
async function refuse(deps: WorkDeps, operation: OperationDoc, cause: unknown): Promise<WorkOutcome> {
  const error = toCommitError(cause);
  deps.onFailure?.(operation, error);
  const failures = (operation.failures ?? 0) + 1;
  const isFault = !(error instanceof StateError);
  const isFinal = isFault ? failures >= ATTEMPTS.fault : !error.retryable || failures >= ATTEMPTS.passing;
  // What went wrong inside is for the log, not for the one who asked.
  const told = isFault ? fail('internal') : error;
  await deps.store.transact({ label: 'operation.failed' }, async (tx) => {
    const now = await tx.get('operations', [operation.id]);
    if (!now || !isSame(now, operation)) return;
    const ms = deps.environment.clock.now();
    if (!isFinal) {
      const pause = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** Math.min(failures, 16));
      tx.put('operations', { ...now, failures, due_at: text(ms + pause) });
      return;
    }
    const { due_at: _due, ...rest } = now;
    const { code, message, details } = told;
    tx.put('operations', {
      ...rest,
      failures,
      state: 'failed',
      error: { code, message, ...(details === undefined ? {} : { details }) },
      updated_at: text(ms),
      expires_at: text(ms + OPERATION_KEPT_MS),
    });
  });
  return isFinal ? 'ended' : 'later';
}

function text(ms: number): string {
  return new Date(ms).toISOString();
}

/** One bounded step of taking away the operations of a brane that is being purged (SYNC L7); true when something was left. */
export async function purgeOperations(tx: Transaction, braneId: BraneId, limit: number): Promise<boolean> {
  const left = await tx.range('operations', { index: 'by_brane', prefix: [braneId], limit });
  for (const { id } of left) tx.delete('operations', [id]);
  return left.length > 0;
}
