import { listOperationsIn, withReadErrors } from '@state-server/commit';
import { asUser, type BraneId, type UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { toOperationResource } from '@state-server/platform';
import { assertCan, type OperationResource, fail } from '@state-server/protocol';
import { findBrane } from './find-brane';

export interface ListBraneOperations {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  /** The last one of the page before. */
  readonly after?: { readonly created_at: string; readonly id: string };
  readonly limit: number;
}

/** Long work on a brane, newest first; one more than `limit` when there is more. Throws `brane.*`, `permission.denied`. */
export async function listOperations(
  store: Store,
  input: ListBraneOperations,
): Promise<readonly OperationResource[]> {
  const { user_id, limit, ...list } = input;
  await assertMember(store, user_id, input.brane_id);
  const found = await withReadErrors(
    store.read({ label: 'brane.operations' }, (tx) => listOperationsIn(tx, { ...list, limit: limit + 1 })),
  );
  return found.map(toOperationResource);
}

/** Throws `brane.*`, `permission.denied`, `operation.not_found`. */
export async function getOperation(
  store: Store,
  input: { readonly user_id: UserId; readonly brane_id: BraneId; readonly operation_id: string },
): Promise<OperationResource> {
  const { user_id, brane_id, operation_id } = input;
  await assertMember(store, user_id, brane_id);
  const found = await withReadErrors(
    store.read({ label: 'brane.operation' }, (tx) => tx.get('operations', [operation_id])),
  );
  if (found?.brane_id !== brane_id) throw fail('operation.not_found', { operation_id });
  return toOperationResource(found);
}

/** Who works on a brane is not for passers-by. */
async function assertMember(store: Store, userId: UserId, braneId: BraneId): Promise<void> {
  const { meta } = await findBrane(store, userId, braneId);
  assertCan(asUser(userId), 'brane.view_work', meta, { details: { id: braneId } });
}
