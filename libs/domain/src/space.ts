import type { SceneObject, SpatialKey } from './entities';
import type { ObjectId } from './ids';
import { IDENTITY, isFiniteMatrix, largestScale, type Matrix, multiply, translationOf } from './matrix';
import type { SceneReader } from './scene-reader';
import { ancestors } from './tree';

/** Edge of a cell at level 0, in metres; each level up doubles it. */
export const BASE_CELL_METRES = 4;
const MAX_INT32 = 2_147_483_647;
const MIN_INT32 = -2_147_483_648;

/** Product of the local transforms from the brane's root down to the object, in float64; identity for an unknown id. */
export function worldTransform(scene: SceneReader, id: ObjectId): Matrix {
  const object = scene.get(id);
  if (!object) return IDENTITY;
  // From the root down, as `placedSubtree` goes: another association rounds differently, and a cell would not be found again.
  const chain = [object, ...ancestors(scene, object)];
  return chain.reduceRight<Matrix>((world, next) => multiply(world, next.transform), IDENTITY);
}

/** Metres around the local origin that hold the object itself; a group's children count for themselves. */
export function boundingRadius(object: SceneObject): number {
  return object.kind === 'block' && object.model !== null ? object.model.radius : 0;
}

/**
 * The cell of a world transform: of the lowest level whose edge is at least the diameter of the object, where `radius` is
 * local and grows with the transform. Coordinates saturate at int32 (SYNC S5).
 */
export function spatialKey(world: Matrix, radius: number): SpatialKey {
  const diameter = 2 * radius * largestScale(world);
  let level = 0;
  let edge = BASE_CELL_METRES;
  while (edge < diameter && edge < Number.MAX_VALUE / 2) {
    edge *= 2;
    level += 1;
  }
  const [x, y, z] = translationOf(world);
  return [cellAt(x, edge), cellAt(y, edge), cellAt(z, edge), level];
}

/** Coordinate of the cell of that edge; saturates at int32 (SYNC S5). */
export function cellAt(metres: number, edge: number): number {
  // Adding 0 turns -0 into 0.
  const cell = Math.floor(metres / edge) + 0;
  return Math.min(MAX_INT32, Math.max(MIN_INT32, Number.isNaN(cell) ? 0 : cell));
}

export interface Placed {
  readonly object: SceneObject;
  readonly world: Matrix;
  readonly cell: SpatialKey;
}

/**
 * The subtree with its world transforms and cells, parents before children, marked ones included. Lazy: each world
 * transform is one product, whatever the depth.
 */
export function* placedSubtree(scene: SceneReader, id: ObjectId): Generator<Placed> {
  const top = scene.get(id);
  if (!top) return;
  const above: Matrix = top.parent_id === null ? IDENTITY : worldTransform(scene, top.parent_id);
  const stack: { readonly id: ObjectId; readonly above: Matrix }[] = [{ id, above }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const object = scene.get(next.id);
    if (!object) continue;
    const world = multiply(next.above, object.transform);
    yield { object, world, cell: spatialKey(world, boundingRadius(object)) };
    if (object.kind === 'block') continue;
    for (const child of scene.children(next.id).toReversed()) stack.push({ id: child, above: world });
  }
}

/**
 * The cells of a subtree after its root was moved or transformed: the first `max` of them, parents first, and whether that
 * was all of it (SYNC S2).
 */
export function rekeySubtree(
  scene: SceneReader,
  id: ObjectId,
  max: number,
): { readonly placed: readonly Placed[]; readonly complete: boolean } {
  const placed: Placed[] = [];
  for (const next of placedSubtree(scene, id)) {
    if (placed.length >= max) return { placed, complete: false };
    placed.push(next);
  }
  return { placed, complete: true };
}

/** The first object of the subtree whose world transform is not finite, among its first `max` (SYNC S5). */
export function firstNotFinite(scene: SceneReader, id: ObjectId, max: number): ObjectId | undefined {
  let seen = 0;
  for (const { object, world } of placedSubtree(scene, id)) {
    if (!isFiniteMatrix(world)) return object.id;
    seen += 1;
    if (seen >= max) return undefined;
  }
  return undefined;
}
