import { toCommitError, withReadErrors } from '@state-server/commit';
import type { PrototypeId, UserId } from '@state-server/domain';
import type { InventoryDoc, Store, Transaction } from '@state-server/persistence-port';
import { fail, type InventoryItem } from '@state-server/protocol';
import { there } from './get-user';
import type { UserDeps } from './user-deps';

/** Entries that one inventory holds. */
export const INVENTORY_ITEMS = 5_000;

export interface ListInventory {
  readonly user_id: UserId;
  /** `added_at` and prototype of the last item of the page before. */
  readonly after?: readonly [added_at: string, prototype_id: string];
  readonly limit: number;
}

/** What a user has at hand, in the order in which it came; one more than `limit` when there is more. */
export async function listInventory(store: Store, input: ListInventory): Promise<readonly InventoryItem[]> {
  const { user_id, after, limit } = input;
  const docs = await withReadErrors(
    store.read({ label: 'user.inventory' }, (tx) =>
      tx.range('inventory', {
        index: 'by_time',
        prefix: [user_id],
        ...(after ? { gt: after } : {}),
        limit: limit + 1,
      }),
    ),
  );
  return docs.map(toInventoryItem);
}

export function toInventoryItem({ prototype_id, source, from, added_at }: InventoryDoc): InventoryItem {
  return { prototype_id, source, ...(from && { from }), added_at };
}

export interface PinPrototype {
  readonly user_id: UserId;
  readonly prototype_id: PrototypeId;
  readonly source: InventoryDoc['source'];
  readonly from?: NonNullable<InventoryDoc['from']>;
  readonly also?: (tx: Transaction, item: InventoryItem) => Promise<void>;
}

/**
 * Puts a prototype into the inventory, or says anew where it is from. Throws `inventory.full`, `user.not_found`, and what a
 * commit may throw.
 */
export async function pinPrototype(deps: UserDeps, input: PinPrototype): Promise<InventoryItem> {
  const { user_id, prototype_id, source, from, also } = input;
  const now = new Date(deps.environment.clock.now()).toISOString();
  return write(deps, 'user.pin', async (tx) => {
    const before = await tx.get('inventory', [user_id, prototype_id]);
    await count(tx, user_id, before ? 0 : 1);
    const added_at = before?.added_at ?? now;
    const doc: InventoryDoc = { user_id, prototype_id, source, ...(from && { from }), added_at };
    tx.put('inventory', doc);
    const item = toInventoryItem(doc);
    await also?.(tx, item);
    return item;
  });
}

export interface UnpinPrototype {
  readonly user_id: UserId;
  readonly prototype_id: PrototypeId;
  readonly also?: (tx: Transaction) => Promise<void>;
}

/** Throws `inventory.not_found`, `user.not_found`, and what a commit may throw. */
export async function unpinPrototype(deps: UserDeps, input: UnpinPrototype): Promise<void> {
  const { user_id, prototype_id, also } = input;
  await write(deps, 'user.unpin', async (tx) => {
    if (!(await tx.get('inventory', [user_id, prototype_id]))) {
      throw fail('inventory.not_found', { prototype_id });
    }
    tx.delete('inventory', [user_id, prototype_id]);
    await count(tx, user_id, -1);
    await also?.(tx);
  });
}

/** His record counts what he has, so it is what guards the limit, and that he is there (SYNC P1). */
async function count(tx: Transaction, userId: UserId, more: number): Promise<void> {
  const user = there(await tx.get('users', [userId]), userId);
  const inventory = (user.inventory ?? 0) + more;
  if (more > 0 && inventory > INVENTORY_ITEMS) throw fail('inventory.full', { max: INVENTORY_ITEMS });
  if (more === 0) tx.guard('users', [userId]);
  else tx.put('users', { ...user, inventory });
}

async function write<T>(
  { store }: UserDeps,
  label: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await store.transact({ label }, work);
  } catch (error) {
    throw toCommitError(error);
  }
}
