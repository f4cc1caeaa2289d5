import * as z from 'zod/mini';
import { braneId, time, userId } from '../schema/ids';
import { cursor, limit, pageQuery } from './page';

const name = z.string().check(z.minLength(1), z.maxLength(100));
const moment = z.string().check(
  z.maxLength(40),
  z.refine(
    (text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)),
    'must be a time as in RFC 3339',
  ),
);

export const auditQuery = z.strictObject({
  /** Id of who acted. */
  actor: z.exactOptional(name),
  /** Id of what was acted upon. */
  target: z.exactOptional(name),
  /** Whose security it concerns. */
  user: z.exactOptional(userId),
  action: z.exactOptional(name),
  brane: z.exactOptional(braneId),
  company: z.exactOptional(name),
  /** Not before this time. */
  from: z.exactOptional(moment),
  /** Before this time. */
  to: z.exactOptional(moment),
  limit,
  cursor,
});
export const ownAuditQuery = pageQuery;

/** One act that matters for security. */
export const auditEntry = z.object({
  at: time,
  id: z.string(),
  action: z.string(),
  /** Without an id where nobody is known. */
  actor: z.object({ kind: z.enum(['user', 'guest', 'service', 'system']), id: z.exactOptional(z.string()) }),
  target: z.exactOptional(z.object({ kind: z.string(), id: z.string() })),
  /** Whose security it concerns. */
  user_id: z.exactOptional(userId),
  brane_id: z.exactOptional(braneId),
  company_id: z.exactOptional(z.string()),
  reason: z.exactOptional(z.string()),
  /** What changed; never a secret. */
  details: z.exactOptional(z.record(z.string(), z.unknown())),
  /** From where: to administrators, and to whoever acted himself. */
  address: z.exactOptional(z.string()),
  user_agent: z.exactOptional(z.string()),
  request_id: z.exactOptional(z.string()),
});

export type AuditResource = z.output<typeof auditEntry>;
