import * as z from 'zod/mini';
import { braneId, objectId, prototypeId } from '../schema/ids';
import { brane } from './resources';

export const galleryParams = z.strictObject({ id: objectId, prototype_id: prototypeId });

export const putGalleryRequest = z.strictObject({
  /** Fractional index among the entries; without it, last. */
  order: z.exactOptional(z.string()),
});

/** A prototype on offer in a group. */
export const galleryEntry = z.object({ prototype_id: prototypeId, order: z.string() });

/**
 * What a link leads to, as who asks may know it: `live` with the brane; `deleted` with the brane for its members, until it
 * is purged; `gone` once it is; `unavailable` when there is no such brane, or he may not see it.
 */
export const followedLink = z.object({
  link: braneId,
  state: z.enum(['live', 'deleted', 'gone', 'unavailable']),
  brane: z.exactOptional(brane),
});

export type GalleryEntry = z.output<typeof galleryEntry>;
export type FollowedLinkResponse = z.output<typeof followedLink>;
