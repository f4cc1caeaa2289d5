import type { ObjectId } from '@state-server/domain';

/** The ids of one group's direct children in sibling order: by order key, ties by id. */
export class Siblings {
  private readonly list: ObjectId[] = [];
  private readonly orders: string[] = [];

  get ids(): readonly ObjectId[] {
    return this.list;
  }

  insert(id: ObjectId, order: string): void {
    const at = this.search(order, id);
    if (this.list[at] === id && this.orders[at] === order) return;
    this.list.splice(at, 0, id);
    this.orders.splice(at, 0, order);
  }

  /** Appends what is known to come last: for lists that are read in order. */
  append(id: ObjectId, order: string): void {
    this.list.push(id);
    this.orders.push(order);
  }

  /** With the order key it is found at once; without it the list is searched. True when it was there. */
  remove(id: ObjectId, order?: string): boolean {
    let at = order === undefined ? -1 : this.search(order, id);
    if (this.list[at] !== id) at = this.list.indexOf(id);
    if (at < 0) return false;
    this.list.splice(at, 1);
    this.orders.splice(at, 1);
    return true;
  }

  /** New order keys for some of them (SYNC S6). */
  reorder(orders: Readonly<Record<ObjectId, string>>): void {
    const pairs = this.list.map((id, i) => ({ id, order: orders[id] ?? this.orders[i] ?? '' }));
    pairs.sort((a, b) => compare(a.order, a.id, b.order, b.id));
    this.list.length = 0;
    this.orders.length = 0;
    for (const { id, order } of pairs) this.append(id, order);
  }

  /** Where it stands, or would have to stand. */
  private search(order: string, id: ObjectId): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.orders[middle] ?? '', this.list[middle] ?? id, order, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Order keys and ids are ASCII, so this is the order of the store's index too. */
function compare(orderA: string, idA: string, orderB: string, idB: string): number {
  if (orderA !== orderB) return orderA < orderB ? -1 : 1;
  return idA === idB ? 0 : idA < idB ? -1 : 1;
}
