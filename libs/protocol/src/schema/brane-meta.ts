import * as z from 'zod/mini';
import { braneId, time, userId } from './ids';

export const role = z.enum(['owner', 'editor', 'viewer']);
/** `guest`: no member, but may view through the brane's visibility. */
export const roleOrGuest = z.enum(['owner', 'editor', 'viewer', 'guest']);
export const visibility = z.enum(['private', 'link', 'public']);
export const braneStatus = z.enum(['live', 'deleted', 'purging', 'purged']);

/** Domain `BraneMeta`. */
export const braneMeta = z.object({
  id: braneId,
  name: z.string(),
  visibility,
  status: braneStatus,
  members: z.record(userId, role),
  created_at: time,
  updated_at: time,
  created_by: userId,
  purge_after: z.exactOptional(time),
});
