import {
  type BraneId,
  type CompanyId,
  type Epoch,
  isUuid,
  type ObjectId,
  type OpId,
  type PrototypeId,
  type SessionId,
  type UserId,
} from '@state-server/domain';
import * as z from 'zod/mini';

const UUID_MESSAGE = 'must be a UUID v4 in lower case';

export const userId = z.custom<UserId>(isUuid, UUID_MESSAGE);
export const objectId = z.custom<ObjectId>(isUuid, UUID_MESSAGE);
export const braneId = z.custom<BraneId>(isUuid, UUID_MESSAGE);
export const prototypeId = z.custom<PrototypeId>(isUuid, UUID_MESSAGE);
export const opId = z.custom<OpId>(isUuid, UUID_MESSAGE);
export const sessionId = z.custom<SessionId>(isUuid, UUID_MESSAGE);
export const companyId = z.custom<CompanyId>(isUuid, UUID_MESSAGE);
export const operationId = z.custom<string>(isUuid, UUID_MESSAGE);
/** Opaque; nothing but equality may be asked of it (SYNC L3). */
export const epoch = z.custom<Epoch>(
  (value) => typeof value === 'string' && value.length > 0 && value.length <= 64,
  'must be an epoch: text of 1 to 64 characters',
);
export const seq = z.int().check(z.gte(0));
export const version = z.int().check(z.gte(1));
/** Where a log stands. */
export const logPosition = z.strictObject({ epoch, seq });
/** RFC 3339. */
export const time = z.string();
