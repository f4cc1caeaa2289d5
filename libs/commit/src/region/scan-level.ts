import type { BraneId, CellBox, ObjectId } from '@state-server/domain';
import type { Key, ReadTransaction, SpaceDoc } from '@state-server/persistence-port';

/** A place in the spatial index: that of an object. */
export interface IndexPlace {
  readonly level: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly id: ObjectId;
}

type Cell = readonly [x: number, y: number, z: number];

/** Entries in the first read of a level; later ones follow what the columns hold. */
const FIRST_READ = 16;
const SMALLEST_READ = 4;

/** What one read of the index found inside the box, and the last place that it looked at. */
export interface Scanned {
  readonly inside: readonly SpaceDoc[];
  readonly reached: IndexPlace;
}

/**
 * The entries of one level whose cell lies in the box, in the order of the index, behind `after`; one answer for each read
 * that met anything. The index is sorted by x, y, z: what lies between two columns of the box is passed by, not read
 * through, so that the reads follow the columns of the box that hold anything, whatever else the brane holds.
 */
export async function* scanLevel(
  tx: ReadTransaction,
  braneId: BraneId,
  { level, box, after, most }: { level: number; box: CellBox; after: IndexPlace | undefined; most: number },
): AsyncGenerator<Scanned> {
  let from = after ? behind(box, after) : { gte: box.min };
  let limit = Math.min(most, FIRST_READ);
  while (from) {
    const page = await tx.range('space', { prefix: [braneId, level], ...from, lte: box.max, limit });
    const reached = page.at(-1);
    if (!reached) return;
    const inside = page.filter((entry) => isInside(box, entry));
    yield { inside, reached };
    if (page.length < limit) return;
    from = behind(box, reached);
    // As many as the last column held, and one that shows its end; where all was inside, more at a time.
    limit = Math.min(most, inside.length === page.length ? 2 * limit : inside.length + SMALLEST_READ);
  }
}

/** Where to read on behind a place, the next cell of the box if it lies outside; undefined when none is left. */
function behind(box: CellBox, place: IndexPlace): { readonly gt: Key } | { readonly gte: Key } | undefined {
  if (isInside(box, place)) return { gt: [place.x, place.y, place.z, place.id] };
  const next = nextInside(box, place);
  return next && { gte: next };
}

function isInside({ min, max }: CellBox, { x, y, z }: IndexPlace): boolean {
  return x >= min[0] && x <= max[0] && y >= min[1] && y <= max[1] && z >= min[2] && z <= max[2];
}

/** The first cell of the box that is not before this one; undefined when none is left. */
function nextInside({ min, max }: CellBox, { x, y, z }: IndexPlace): Cell | undefined {
  if (y < min[1]) return [x, min[1], min[2]];
  if (y <= max[1]) {
    if (z <= max[2]) return [x, y, Math.max(z, min[2])];
    if (y < max[1]) return [x, y + 1, min[2]];
  }
  return x < max[0] ? [x + 1, min[1], min[2]] : undefined;
}
