import { toCommitError, withReadErrors } from '@state-server/commit';
import { asUser, type PrototypeId, type UserId } from '@state-server/domain';
import type {
  InventoryDoc,
  PrototypeDoc,
  ReadTransaction,
  Store,
  Transaction,
} from '@state-server/persistence-port';
import { assertCan, fail, type InventoryItem } from '@state-server/protocol';
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

export interface InventoryPage {
  readonly items: readonly InventoryItem[];
  /** Where the next page begins; undefined on the last. */
  readonly next: readonly [added_at: string, prototype_id: string] | undefined;
}

/** What a user has at hand, in the order in which it came: his own prototypes, and those that he pinned. */
export async function listInventory(store: Store, input: ListInventory): Promise<InventoryPage> {
  const { user_id, after, limit } = input;
  const from = after ? { gt: after } : {};
  return withReadErrors(
    store.read({ label: 'user.inventory' }, async (tx) => {
      const [pinned, owned] = await Promise.all([
        tx.range('inventory', { index: 'by_time', prefix: [user_id], ...from, limit: limit + 1 }),
        tx.range('prototypes', { index: 'by_owner', prefix: [user_id, 1], ...from, limit: limit + 1 }),
      ]);
      const known = await tx.getMany(
        'prototypes',
        pinned.map(({ prototype_id }) => [prototype_id]),
      );
      const others = pinned.filter((_, index) => known[index]?.owner_id !== user_id).map(toInventoryItem);
      // Beyond the end of a stretch that goes on nothing is known yet.
      const [frontier] = [
        pinned.length > limit ? lastPlace(pinned.map(toInventoryItem)) : [],
        owned.length > limit ? lastPlace(owned.map(toOwnedItem)) : [],
      ]
        .flat()
        .sort(byPlace);
      const found = [...others, ...owned.map(toOwnedItem)]
        .filter((item) => frontier === undefined || byPlace(placeOf(item), frontier) <= 0)
        .sort((one, other) => byPlace(placeOf(one), placeOf(other)));
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, next: found.length > limit && last ? placeOf(last) : frontier };
    }),
  );
}

type Place = readonly [added_at: string, prototype_id: string];

function toOwnedItem({ id, created_at }: PrototypeDoc): InventoryItem {
  return { prototype_id: id, source: 'owned', added_at: created_at };
}

function placeOf({ added_at, prototype_id }: InventoryItem): Place {
  return [added_at, prototype_id];
}

function lastPlace(items: readonly InventoryItem[]): Place[] {
  return items.slice(-1).map(placeOf);
}

function byPlace(a: Place, b: Place): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
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
 * Puts a prototype into the inventory, or says anew where it is from. Throws `prototype.not_found`, `prototype.deleted`,
 * `inventory.full`, `user.not_found`, and what a commit may throw.
 */
export async function pinPrototype(deps: UserDeps, input: PinPrototype): Promise<InventoryItem> {
  const { user_id, prototype_id, source, from, also } = input;
  const now = new Date(deps.environment.clock.now()).toISOString();
  return write(deps, 'user.pin', async (tx) => {
    await assertUsable(tx, user_id, prototype_id);
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

/** Only what he may see; what becomes of it afterwards is told wherever it is used. */
async function assertUsable(tx: ReadTransaction, userId: UserId, id: PrototypeId): Promise<void> {
  const prototype = await tx.get('prototypes', [id]);
  assertCan(asUser(userId), 'prototype.use', prototype, { details: { id } });
  if (prototype.is_deleted) throw fail('prototype.deleted', { id });
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
