import {
  type BraneId,
  boundingRadius,
  isLive,
  type Matrix,
  multiply,
  type ObjectId,
  reachesInto,
  type Region,
  type SceneObject,
  type SpatialKey,
  spatialKey,
} from '@state-server/domain';
import type { ReadTransaction } from '@state-server/persistence-port';

/** An object that reaches into a region, and the cell of its world transform. */
export interface ObjectInRegion {
  readonly object: SceneObject;
  readonly cell: SpatialKey;
}

/** Objects of one brane with all their ancestors, from one snapshot, each read once. */
export class SeenObjects {
  private readonly byId = new Map<ObjectId, SceneObject | undefined>();
  private readonly worlds = new Map<ObjectId, Matrix>();

  constructor(
    private readonly tx: ReadTransaction,
    private readonly braneId: BraneId,
  ) {}

  async load(ids: readonly ObjectId[]): Promise<void> {
    let missing = [...new Set(ids)].filter((id) => !this.byId.has(id));
    while (missing.length > 0) {
      const docs = await this.tx.getMany(
        'objects',
        missing.map((id) => [this.braneId, id]),
      );
      missing.forEach((id, place) => this.byId.set(id, docs[place]?.object));
      missing = this.unknownParents(docs.flatMap((doc) => (doc ? [doc.object] : [])));
    }
  }

  /** Takes in what was read otherwise; its ancestors are known already. */
  learn(object: SceneObject): void {
    this.byId.set(object.id, object);
  }

  get(id: ObjectId): SceneObject | undefined {
    return this.byId.get(id);
  }

  /** Undefined for what is deleted, itself or with an ancestor (SYNC S1), and for what stays outside. */
  inRegion(id: ObjectId, region: Region): ObjectInRegion | undefined {
    const object = this.byId.get(id);
    if (!object || !isLive(this.scene, object)) return undefined;
    const world = this.worldOf(object);
    const radius = boundingRadius(object);
    return reachesInto(region, world, radius) ? { object, cell: spatialKey(world, radius) } : undefined;
  }

  isLive(object: SceneObject): boolean {
    return isLive(this.scene, object);
  }

  /** As (world of the parent) · local, as the index was written: products of floats depend on the brackets. */
  private worldOf(object: SceneObject): Matrix {
    const known = this.worlds.get(object.id);
    if (known) return known;
    const parent = object.parent_id === null ? undefined : this.byId.get(object.parent_id);
    const world = parent ? multiply(this.worldOf(parent), object.transform) : object.transform;
    this.worlds.set(object.id, world);
    return world;
  }

  private unknownParents(objects: readonly SceneObject[]): ObjectId[] {
    const parents = new Set<ObjectId>();
    for (const { parent_id } of objects) {
      if (parent_id !== null && !this.byId.has(parent_id)) parents.add(parent_id);
    }
    return [...parents];
  }

  /** What the rules of the tree ask of a scene, without lists of children. */
  private readonly scene = {
    get: (id: ObjectId): SceneObject | undefined => this.byId.get(id),
  };
}
