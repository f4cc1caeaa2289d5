import type { BraneId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { OperationDoc, OpResultDoc, Transaction } from '@state-server/persistence-port';
import { toCommitError } from '../errors';
import { derivedUuid, fingerprint } from '../fingerprint';
import type { OperationData, OperationDeps, OperationOrigin } from './operation';

export interface StartOperation extends OperationOrigin {
  readonly kind: string;
  readonly input: OperationData;
  /** What makes two requests the same, where the input holds what was found out besides; default: the input. */
  readonly asked?: unknown;
  /** Where the first step begins. */
  readonly cursor?: OperationData;
  /** How much there is to do, where that is known. */
  readonly total?: number;
  /** Further writes in the same transaction (an Idempotency-Key record); may run several times: no side effects. */
  readonly also?: (tx: Transaction, started: StartedOperation) => void | Promise<void>;
}

export interface StartedOperation {
  readonly operation: OperationDoc;
  /** It had been asked for before, under this op id; the operation is as it stands by now. */
  readonly replayed: boolean;
}

/**
 * Writes an operation down; whoever works operations off takes it from there, at once. The same op id again answers the same
 * operation (SYNC I1). Whether the user may is for the caller to decide. Throws `brane.not_found`, `brane.deleted`,
 * `op_id.reused`, what `also` throws, and what a commit may throw.
 */
export async function startOperation(
  deps: OperationDeps,
  request: StartOperation,
): Promise<StartedOperation> {
  const at = new Date(deps.environment.clock.now()).toISOString();
  try {
    const started = await deps.store.transact({ label: 'operation.start' }, async (tx) => {
      const made = await startOperationIn(tx, at, request);
      await request.also?.(tx, made);
      return made;
    });
    deps.poke?.();
    return started;
  } catch (error) {
    throw toCommitError(error);
  }
}

/** The same as a part of a larger transaction. `also` is not called. `at`: RFC 3339. */
export async function startOperationIn(
  tx: Transaction,
  at: string,
  request: Omit<StartOperation, 'also'>,
): Promise<StartedOperation> {
  const { brane_id, user_id, op_id, kind, input, cursor, total, asked = input } = request;
  const askedOf = request.asked_of ?? brane_id;
  const id = operationId(request);
  const print = fingerprint({ kind: 'operation', of: kind, asked });
  const known = await tx.get('operations', [id]);
  if (known) {
    if (known.fingerprint !== print) throw fail('op_id.reused', { op_id });
    return { operation: known, replayed: true };
  }
  await claimOpId(tx, at, { ...request, asked_of: askedOf }, print);
  const operation: OperationDoc = {
    id,
    kind,
    brane_id,
    user_id,
    op_id,
    fingerprint: print,
    state: 'running',
    step: 0,
    progress: total === undefined ? { done: 0 } : { done: 0, total },
    input,
    ...(cursor === undefined ? {} : { cursor }),
    created_at: at,
    updated_at: at,
    due_at: at,
  };
  tx.put('operations', operation);
  return { operation, replayed: false };
}

/** The same for the same op id, whoever asks and how often. */
export function operationId({ brane_id, asked_of, user_id, op_id }: OperationOrigin): string {
  return derivedUuid(['operation', asked_of ?? brane_id, user_id, op_id]);
}

/** The op id is taken like that of an edit: its record is what an edit under the same id finds (SYNC I1), and the reverse. */
async function claimOpId(
  tx: Transaction,
  at: string,
  request: Omit<StartOperation, 'also'> & { readonly asked_of: BraneId },
  print: string,
): Promise<void> {
  const { asked_of, user_id, op_id } = request;
  const head = await tx.get('heads', [asked_of]);
  if (!head || head.status === 'purged') throw fail('brane.not_found', { id: asked_of });
  if (head.status !== 'live') throw fail('brane.deleted', { id: asked_of });
  if (await tx.get('op_results', [asked_of, user_id, op_id])) throw fail('op_id.reused', { op_id });
  // Nothing is left behind in a brane whose purge begins meanwhile: that begins by writing this record (SYNC L7, P1).
  tx.guard('branes', [asked_of]);
  const record: OpResultDoc = {
    brane_id: asked_of,
    user_id,
    op_id,
    fingerprint: print,
    at,
    seq: head.seq,
    epoch: head.epoch,
    kind: 'system',
  };
  tx.put('op_results', record);
}
