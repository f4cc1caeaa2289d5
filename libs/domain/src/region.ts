import { largestScale, type Matrix, translationOf } from './matrix';
import { BASE_CELL_METRES, cellAt } from './space';

export type Vector = readonly [x: number, y: number, z: number];

/** A box in the world of a brane, metres, its faces included; `min` is nowhere above `max`. */
export interface Region {
  readonly min: Vector;
  readonly max: Vector;
}

/** Cells of one level from `min` to `max`, both included. */
export interface CellBox {
  readonly min: Vector;
  readonly max: Vector;
}

/**
 * The cells of a level in which an object may be kept that reaches into the region: an object's diameter is at most the
 * edge of its cell, so it lies at most half an edge outside.
 */
export function cellsReaching({ min, max }: Region, level: number): CellBox {
  const edge = BASE_CELL_METRES * 2 ** level;
  const low = (metres: number): number => cellAt(metres - edge / 2, edge);
  const high = (metres: number): number => cellAt(metres + edge / 2, edge);
  return { min: [low(min[0]), low(min[1]), low(min[2])], max: [high(max[0]), high(max[1]), high(max[2])] };
}

/** Whether the bounding sphere of an object (`radius` local, in metres) meets the region; a point does when it lies in it. */
export function reachesInto({ min, max }: Region, world: Matrix, radius: number): boolean {
  const [x, y, z] = translationOf(world);
  const reach = radius === 0 ? 0 : radius * largestScale(world);
  const away = Math.hypot(outside(x, min[0], max[0]), outside(y, min[1], max[1]), outside(z, min[2], max[2]));
  return away <= reach;
}

function outside(at: number, min: number, max: number): number {
  return at < min ? min - at : at > max ? at - max : 0;
}
