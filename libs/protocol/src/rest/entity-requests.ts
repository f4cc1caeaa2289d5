import * as z from 'zod/mini';
import { braneId, objectId } from '../schema/ids';
import { cursor, limit } from './page';

const NUMBER = '-?(0|[1-9][0-9]{0,15})(\\.[0-9]{1,9})?';
const CORNER = new RegExp(`^${NUMBER},${NUMBER},${NUMBER}$`);

/** A point of a brane's world as a query parameter: three decimal numbers of metres. */
const corner = z.pipe(
  z.pipe(
    z.string().check(z.regex(CORNER, 'must be three decimal numbers: x,y,z')),
    z.transform((text) => text.split(',').map(Number)),
  ),
  z.tuple([z.number(), z.number(), z.number()]),
);

export const spaceQuery = z.strictObject({
  brane_id: braneId,
  /** The corners of the box; each number of `min` is at most that of `max`. */
  min: corner,
  max: corner,
  limit,
  cursor,
  /** `true`: also what the items hang below, up to the root. */
  ancestors: z.exactOptional(z.enum(['true', 'false'])),
});

/** Ids in one batch. */
export const BATCH_IDS = 200;

export const batchRequest = z.strictObject({
  ids: z.array(objectId).check(z.minLength(1), z.maxLength(BATCH_IDS)),
});
