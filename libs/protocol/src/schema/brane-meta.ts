import type { BraneSettings } from '@state-server/domain';
import * as z from 'zod/mini';
import { braneId, companyId, epoch, seq, time, userId } from './ids';

export const role = z.enum(['owner', 'moderator', 'editor', 'viewer']);
/** `guest`: no member, but may view through the brane's visibility. */
export const roleOrGuest = z.enum(['owner', 'moderator', 'editor', 'viewer', 'guest']);
export const visibility = z.enum(['private', 'link', 'public']);
export const braneStatus = z.enum(['live', 'deleted', 'purging', 'purged']);

/** Domain `BraneSettings`, as the server sends it: it may come to have more. */
export const braneSettings: z.ZodMiniType<BraneSettings> = z.object({
  description: z.exactOptional(z.string()),
  tags: z.exactOptional(z.array(z.string())),
  /** An https URL, or the id of an asset. */
  thumbnail: z.exactOptional(z.string()),
  /** Days for which the log is kept beyond checkpoints; 0: for ever; absent: as the server does. */
  history_days: z.exactOptional(z.int()),
  /** People who may be in it at a time; absent: as many as the server allows. */
  people_max: z.exactOptional(z.int()),
});

/** Domain `Restrictions`: until when; null: until it is lifted. */
export const restrictions = z.record(userId, z.nullable(time));

/** Domain `ForkedFrom`. */
export const forkedFrom = z.object({ brane_id: braneId, epoch, seq, complete: z.boolean() });

/** Domain `BraneCompany`. */
export const braneCompany = z.object({ id: companyId, members: z.record(userId, role) });

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
  settings: z.exactOptional(braneSettings),
  /** Null or absent: its objects can be edited. */
  archived_at: z.exactOptional(z.nullable(time)),
  forked_from: z.exactOptional(forkedFrom),
  bans: z.exactOptional(restrictions),
  mutes: z.exactOptional(restrictions),
  kicks: z.exactOptional(z.record(userId, time)),
  /** Null or absent: it is its owners' own. */
  company: z.exactOptional(z.nullable(braneCompany)),
});
