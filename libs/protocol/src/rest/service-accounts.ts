import { SCOPES } from '@state-server/domain';
import * as z from 'zod/mini';
import { time, userId } from '../schema/ids';
import { userParams } from './requests';

const name = z.string().check(z.minLength(1), z.maxLength(100));
const scope = z.enum(SCOPES);
const keyId = z.string().check(z.minLength(1), z.maxLength(64));

export const serviceAccountsParams = userParams;
export const serviceAccountParams = z.strictObject({ ...userParams.shape, account_id: userId });
export const serviceKeyParams = z.strictObject({ ...serviceAccountParams.shape, key_id: keyId });

export const createServiceAccountRequest = z.strictObject({
  name,
  description: z.exactOptional(z.string().check(z.maxLength(500))),
});
export const createServiceKeyRequest = z.strictObject({
  /** For people. */
  name: z.exactOptional(name),
  /** What it may be used for at most. */
  scopes: z.array(scope).check(
    z.minLength(1),
    z.maxLength(20),
    z.refine((scopes) => new Set(scopes).size === scopes.length, 'must name each scope once'),
  ),
  /** At most SERVICE_KEY_MAX_DAYS. */
  expires_in_days: z.int().check(z.gte(1), z.lte(36_500)),
});

export const serviceAccount = z.object({
  id: userId,
  name: z.string(),
  description: z.exactOptional(z.string()),
  owner: z.object({ kind: z.enum(['user', 'company']), id: z.string() }),
  created_at: time,
  created_by: userId,
});

/** A key without what opens anything. */
export const serviceKey = z.object({
  id: z.string(),
  /** How the key begins: to tell which one is meant. */
  prefix: z.string(),
  name: z.exactOptional(z.string()),
  scopes: z.array(scope),
  created_at: time,
  created_by: userId,
  expires_at: time,
  /** At most a minute late. */
  last_used_at: z.exactOptional(time),
  last_address: z.exactOptional(z.string()),
});
/** The key itself is shown this once; an answer that is replayed has it no more. */
export const newServiceKey = z.object({ ...serviceKey.shape, key: z.exactOptional(z.string()) });

export type ServiceAccountResource = z.output<typeof serviceAccount>;
export type ServiceKeyResource = z.output<typeof serviceKey>;
export type NewServiceKeyResource = z.output<typeof newServiceKey>;
