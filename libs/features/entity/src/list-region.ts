import {
  type ObjectInRegion,
  readBraneAs,
  readRegion,
  type RegionPlace,
  withReadErrors,
} from '@state-server/commit';
import {
  type BraneId,
  type Region,
  type SceneObject,
  type SpatialKey,
  type UserId,
  asUser,
} from '@state-server/domain';
import type { HeadDoc, Store } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';

export interface ListRegion {
  readonly brane_id: BraneId;
  readonly region: Region;
  readonly limit: number;
  readonly after?: RegionPlace | undefined;
  readonly with_ancestors: boolean;
}

/** A cell with those of its objects that reach into the region. */
export interface Spacecell {
  readonly key: SpatialKey;
  readonly items: readonly SceneObject[];
}

export interface RegionAnswer {
  readonly cells: readonly Spacecell[];
  readonly ancestors: readonly SceneObject[] | undefined;
  readonly next: RegionPlace | undefined;
  /** The state that this was read from. */
  readonly head: HeadDoc;
}

/**
 * What reaches into a region of a brane that the user may see (docs/spec/space.md). Throws `query.invalid` for a box that
 * is inside out, `brane.not_found`, and to members of a deleted brane `brane.deleted`.
 */
export async function listRegion(store: Store, userId: UserId, input: ListRegion): Promise<RegionAnswer> {
  const { brane_id, region, limit, after } = input;
  const isInsideOut = region.min.some((metres, axis) => metres > (region.max[axis] ?? metres));
  if (isInsideOut) throw fail('query.invalid', undefined, 'min must not be above max.');
  return withReadErrors(
    store.read({ label: 'entity.space' }, async (tx) => {
      const brane = await readBraneAs(tx, brane_id, userId);
      assertCan(asUser(userId), 'brane.view', brane?.meta, { details: { id: brane_id } });
      if (brane.meta.status !== 'live') throw fail('brane.deleted', { id: brane_id });
      const page = await readRegion(tx, brane.head, { region, limit, after });
      const ancestors = input.with_ancestors ? page.ancestors() : undefined;
      return { cells: byCell(page.found), ancestors, next: page.next, head: brane.head };
    }),
  );
}

function byCell(found: readonly ObjectInRegion[]): Spacecell[] {
  const cells = new Map<string, { readonly key: SpatialKey; readonly items: SceneObject[] }>();
  for (const { object, cell } of found) {
    const name = cell.join();
    const known = cells.get(name);
    if (known) known.items.push(object);
    else cells.set(name, { key: cell, items: [object] });
  }
  return [...cells.values()];
}
