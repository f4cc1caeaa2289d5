import {
  readBraneAs,
  type StartedOperation,
  startOperation,
  type OperationDeps,
  withReadErrors,
} from '@state-server/commit';
import { asUser, type BraneId, LIMITS, type ObjectId, type UserId } from '@state-server/domain';
import type { ReadTransaction, Store, Transaction } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';
import { findObject } from './find-object';
import type { ObjectWriter } from './written-object';

/** Name of the kind of operation. */
export const DEMOTE = 'object.demote';

/** What the operation is told. */
export interface DemoteInput {
  /** The link that stands for the brane. */
  readonly link: ObjectId;
  /** The brane that becomes a group. */
  readonly brane: BraneId;
}

export interface DemoteObject extends ObjectWriter {
  /** A link to the brane. */
  readonly id: ObjectId;
  readonly also?: (tx: Transaction, started: StartedOperation) => Promise<void>;
}

/** So many objects are looked at before it begins. */
const MOST_OBJECTS = 20_000;

/**
 * Asks for a brane to become a group again, in the place of a link to it (SYNC S3): what it holds moves over, then the brane
 * is deleted. Who asks may edit where the link is, and delete the brane. Throws `object.not_found`, `object.not_a_link`,
 * `brane.not_found`, `permission.denied`, `object.too_many_to_move` for what could never be moved.
 */
export async function demoteObject(
  deps: OperationDeps & { readonly store: Store },
  input: DemoteObject,
): Promise<StartedOperation> {
  const { id, user_id, op_id, also } = input;
  const { object, meta } = await findObject(deps.store, user_id, id);
  assertCan(asUser(user_id), 'brane.edit', meta, { details: { id } });
  const brane = object.kind === 'group' ? object.link : undefined;
  if (brane === undefined) throw fail('object.not_a_link', { id });
  await withReadErrors(deps.store.read({ label: 'object.demote' }, (tx) => assertMayGo(tx, user_id, brane)));
  await assertMovable(deps.store, brane);
  const asked: DemoteInput = { link: id, brane };
  return startOperation(deps, {
    kind: DEMOTE,
    brane_id: meta.id,
    user_id,
    op_id,
    input: { ...asked },
    ...(also && { also }),
  });
}

async function assertMayGo(tx: ReadTransaction, userId: UserId, id: BraneId): Promise<void> {
  const found = await readBraneAs(tx, id, userId);
  assertCan(asUser(userId), 'brane.delete', found?.meta, { details: { id } });
  if (found.meta.status !== 'live') throw fail('brane.deleted', { id });
}

/** Each of the parts of the brane must fit into one transaction. Looks at ids and parents alone. */
async function assertMovable(store: Store, braneId: BraneId): Promise<void> {
  const parents = await parentsIn(store, braneId);
  const sizes = new Map<ObjectId, number>();
  const max = LIMITS.moved_objects_between_branes;
  for (const id of parents.keys()) {
    let top = id;
    for (let above = parents.get(top); above && parents.get(above); above = parents.get(top)) top = above;
    const size = (sizes.get(top) ?? 0) + 1;
    sizes.set(top, size);
    if (size > max && top !== braneId) throw fail('object.too_many_to_move', { id: top, max });
  }
}

async function parentsIn(store: Store, braneId: BraneId): Promise<Map<ObjectId, ObjectId | null>> {
  const parents = new Map<ObjectId, ObjectId | null>();
  let after: ObjectId | undefined;
  do {
    const gt = after === undefined ? {} : { gt: [after] as const };
    const page = await withReadErrors(
      store.read({ label: 'object.demote.size' }, (tx) =>
        tx.range('objects', { prefix: [braneId], ...gt, limit: 500 }),
      ),
    );
    for (const { id, object } of page) parents.set(id, object.parent_id);
    after = page.length < 500 ? undefined : page.at(-1)?.id;
    if (parents.size > MOST_OBJECTS)
      throw fail('object.too_many_to_move', { id: braneId, max: MOST_OBJECTS });
  } while (after !== undefined);
  return parents;
}
