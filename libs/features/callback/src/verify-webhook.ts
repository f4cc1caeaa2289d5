import { createHmac, timingSafeEqual } from 'node:crypto';
import { fail } from '@state-server/protocol';

/** The three headers of the Standard Webhooks specification; undefined where one is missing. */
export interface WebhookHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

export interface WebhookCheck {
  readonly headers: WebhookHeaders;
  /** The body exactly as it came. */
  readonly body: Uint8Array;
  /** Several while keys are exchanged: each of them may have signed. */
  readonly secrets: readonly Uint8Array[];
  /** Ms since the epoch. */
  readonly now: number;
  /** A genuine message whose time is too far from ours: its clock is ahead by so many ms (negative: behind). */
  readonly onClockSkew?: (aheadMs: number) => void;
}

const TOLERANCE_SECONDS = 300;
/** A dot in the id could shift what is signed between id, time and body. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
const TIMESTAMP = /^[0-9]{1,12}$/;
const DIGEST_BYTES = 32;
/** More signatures than anybody has keys are not looked at. */
const MAX_SIGNATURES = 16;
const MAX_SIGNATURE_CHARS = 4_096;

/**
 * Checks a symmetric Standard Webhooks signature over the raw bytes, and answers the message's id. Whatever is wrong with it
 * is the same `callback.signature_invalid`: nobody learns how far he got. Only whoever has signed it is told that the time is
 * not ours, `clock.skew`: his clock is wrong, or ours, or the message is an old one (CB1).
 */
export function verifyWebhook({ headers, body, secrets, now, onClockSkew }: WebhookCheck): string {
  const { id, timestamp, signature } = headers;
  if (id === undefined || timestamp === undefined || signature === undefined) throw refused();
  if (!ID.test(id) || !TIMESTAMP.test(timestamp) || signature.length > MAX_SIGNATURE_CHARS) throw refused();
  const given = signaturesOf(signature);
  let matches = 0;
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
    // Each is compared with each, in full, so that time tells nothing.
    for (const digest of given) if (timingSafeEqual(expected, digest)) matches += 1;
  }
  if (matches === 0) throw refused();
  const aheadMs = Number(timestamp) * 1_000 - now;
  if (Math.abs(aheadMs) > TOLERANCE_SECONDS * 1_000) {
    onClockSkew?.(aheadMs);
    throw fail('clock.skew', { ahead_seconds: Math.round(aheadMs / 1_000) });
  }
  return id;
}

/** The digests of the `v1,…` signatures; other versions and lengths are not ours. */
function signaturesOf(header: string): Buffer[] {
  return header
    .split(' ')
    .filter((part) => part.startsWith('v1,'))
    .slice(0, MAX_SIGNATURES)
    .map((part) => Buffer.from(part.slice('v1,'.length), 'base64'))
    .filter((digest) => digest.length === DIGEST_BYTES);
}

function refused(): Error {
  return fail('callback.signature_invalid');
}
