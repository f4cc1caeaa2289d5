import { type Bus, channels } from '@state-server/messaging-port';
import type { RevocationDoc } from '@state-server/persistence-port';
import { decodeCbor, encodeCbor, FROM_SERVER } from '@state-server/protocol';
import * as z from 'zod/mini';

const time = z.string().check(
  z.maxLength(40),
  z.refine((text) => !Number.isNaN(Date.parse(text))),
);

const schema = z.object({
  kind: z.enum(['session', 'token', 'user']),
  value: z.string().check(z.minLength(1), z.maxLength(200)),
  at: time,
  not_before: z.exactOptional(time),
  expires_at: time,
});

/** Tells the other services at once, after the record is durable. Lost, they find it in the store within 2 s (SYNC F2). */
export function announceRevocation(bus: Bus, revocation: RevocationDoc): void {
  bus.publish(channels.revocations, encodeCbor(revocation));
}

/** Undefined for what is none. */
export function readRevocation(payload: Uint8Array): RevocationDoc | undefined {
  try {
    return z.parse(schema, decodeCbor(payload, FROM_SERVER));
  } catch {
    return undefined;
  }
}
