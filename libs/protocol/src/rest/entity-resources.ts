import * as z from 'zod/mini';
import { objectId, seq } from '../schema/ids';
import { sceneObject } from '../schema/objects';
import { entity } from './resources';

/** One of a batch; `object.not_found` for whatever is not there, is deleted, or may not be seen by who asks. */
const batchItem = z.union([
  z.object({ id: objectId, entity }),
  z.object({ id: objectId, error: z.object({ code: z.string(), message: z.string() }) }),
]);
/** An item for each id, in their order. */
export const entityBatch = z.object({ items: z.array(batchItem) });

/** Objects of one cell of the spatial index. */
export const spacecell = z.object({
  /** `[x, y, z, level]`, int32; a cell of that level has an edge of 4 · 2^level metres. */
  key: z.array(z.int()).check(z.length(4)),
  /** Of `items`. A cell that holds more than fit goes on on the next page. */
  count: z.int(),
  /** The brane's state in which it was read: each page has its own. */
  seq,
  items: z.array(sceneObject),
});
export const spacePage = z.object({
  cells: z.array(spacecell),
  next_cursor: z.nullable(z.string()),
  /** With `ancestors=true`: what the items hang below, without those that are items themselves. */
  ancestors: z.exactOptional(z.array(sceneObject)),
});
