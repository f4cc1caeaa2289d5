import {
  boundingRadius,
  type Matrix,
  multiply,
  type ObjectId,
  sameTransform,
  type SceneObject,
  type SceneReader,
  type SpatialKey,
  spatialKey,
  subtree,
  type WorkingCopy,
} from '@state-server/domain';
import type { Key, SpaceDoc } from '@state-server/persistence-port';
import type { Ground } from './lane';
import { objectBytes } from './sizes';

/** Where the spatial index is to hold an object that is written. */
export interface Placement {
  readonly object: SceneObject;
  /** Where it holds it now; undefined for a new object. */
  readonly from: SpatialKey | undefined;
  readonly to: SpatialKey;
}

export interface SpacePlan {
  /** All objects to be written: the changed ones, and those below moved groups whose cell has changed. */
  readonly placements: ReadonlyMap<ObjectId, Placement>;
  /** Of the objects that go. */
  readonly leaving: ReadonlyMap<ObjectId, SpatialKey | undefined>;
  /** Groups too large to be re-keyed now (SYNC S2). */
  readonly rekeying: readonly ObjectId[];
}

/** What the group of edits did to the objects. */
export interface ObjectChanges {
  readonly put: ReadonlyMap<ObjectId, SceneObject>;
  readonly removed: ReadonlySet<ObjectId>;
  readonly created: ReadonlySet<ObjectId>;
}

/** Bytes of objects that are rewritten in one transaction only because their cell has changed. */
const REKEY_BYTES = 300_000;

/**
 * Every object that is written goes into the cell of its present world transform. A group that was moved takes what is
 * below it along: at once up to the limit of S2, else it is listed as re-keying.
 */
export async function planSpace(
  ground: Ground,
  copy: WorkingCopy,
  changes: ObjectChanges,
): Promise<SpacePlan> {
  const { load, replica } = ground;
  const existing = [...changes.put.keys()].filter((id) => !changes.created.has(id));
  await load.cells([...existing, ...changes.removed]);
  const worlds = new Worlds(copy);
  const placements = new Map<ObjectId, Placement>();
  const place = (object: SceneObject, to: SpatialKey): void => {
    const from = changes.created.has(object.id) ? undefined : replica.cellOf(object.id);
    placements.set(object.id, { object, from, to });
  };
  for (const object of changes.put.values()) {
    place(object, await load.run(() => worlds.cellOf(object)));
  }
  const subtrees = new Subtrees(ground, copy, worlds);
  for (const id of existing) {
    const now = changes.put.get(id);
    if (now?.kind !== 'group' || !relocated(replica.get(id), now)) continue;
    await subtrees.add(id);
  }
  await load.cells([...subtrees.cells.keys()]);
  for (const [id, to] of subtrees.cells) {
    const from = replica.cellOf(id);
    const object = copy.get(id);
    if (object && !placements.has(id) && !(from && sameCell(from, to))) place(object, to);
  }
  const leaving = new Map([...changes.removed].map((id) => [id, replica.cellOf(id)]));
  return { placements, leaving, rekeying: subtrees.tooLarge };
}

function relocated(before: SceneObject | undefined, now: SceneObject): boolean {
  if (!before) return false;
  return before.parent_id !== now.parent_id || !sameTransform(before.transform, now.transform);
}

/** What lies below the moved groups, as far as it is re-keyed at once. */
class Subtrees {
  readonly cells = new Map<ObjectId, SpatialKey>();
  readonly tooLarge: ObjectId[] = [];
  private bytesLeft = REKEY_BYTES;

  constructor(
    private readonly ground: Ground,
    private readonly copy: WorkingCopy,
    private readonly worlds: Worlds,
  ) {}

  async add(id: ObjectId): Promise<void> {
    // One that waits for its re-keying needs no second look.
    if (this.ground.head.rekeying?.includes(id)) return;
    const room = this.ground.rekeyedAtOnce - this.cells.size;
    // The root itself is not one of its descendants, and one more tells that there are too many.
    await this.ground.load.subtree(this.copy, id, room + 2, 'depth');
    const below = [...subtree(this.copy, id, room + 2)].slice(1);
    const bytes = below.reduce((sum, object) => sum + objectBytes(object), 0);
    if (below.length > room || bytes > this.bytesLeft) {
      this.tooLarge.push(id);
      return;
    }
    this.bytesLeft -= bytes;
    for (const object of below) this.cells.set(object.id, this.worlds.cellOf(object));
  }
}

/**
 * World transforms of one state, each computed once, and always as (world of the parent) · local: products of floats
 * depend on how they are put in brackets, and an object's cell must not depend on which edit computed it.
 */
export class Worlds {
  private readonly known = new Map<ObjectId, Matrix>();

  constructor(private readonly scene: Pick<SceneReader, 'get'>) {}

  cellOf(object: SceneObject): SpatialKey {
    return spatialKey(this.of(object), boundingRadius(object));
  }

  private of(object: SceneObject): Matrix {
    const known = this.known.get(object.id);
    if (known) return known;
    const parent = object.parent_id === null ? undefined : this.scene.get(object.parent_id);
    const world = parent ? multiply(this.of(parent), object.transform) : object.transform;
    this.known.set(object.id, world);
    return world;
  }
}

export function sameCell(one: SpatialKey, other: SpatialKey): boolean {
  return one[0] === other[0] && one[1] === other[1] && one[2] === other[2] && one[3] === other[3];
}

export function spaceDoc(object: SceneObject, [x, y, z, level]: SpatialKey): SpaceDoc {
  return { brane_id: object.brane_id, level, x, y, z, id: object.id };
}

export function spaceKey(braneId: string, id: ObjectId, [x, y, z, level]: SpatialKey): Key {
  return [braneId, level, x, y, z, id];
}

/**
 * The cell of every object, from the transforms alone: what the spatial index holds when no group is listed as
 * re-keying (SYNC S2). For tests, the simulator and repairs.
 */
export function expectedSpace(objects: Iterable<SceneObject>): ReadonlyMap<ObjectId, SpatialKey> {
  const byId = new Map([...objects].map((object) => [object.id, object]));
  const worlds = new Worlds({ get: (id) => byId.get(id) });
  return new Map([...byId.values()].map((object) => [object.id, worlds.cellOf(object)]));
}
