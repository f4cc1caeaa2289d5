import { asEpoch, type Epoch } from '@state-server/domain';

/** Headers beyond those of HTTP itself, in lower case. */
export const HEADERS = {
  idempotencyKey: 'idempotency-key',
  /** `true` on an answer that was stored for an earlier request with the same key. */
  idempotencyReplayed: 'idempotency-replayed',
  /** Where the brane's log stood: on answers, and sent back by who wants to read nothing older (SYNC R7). */
  stateSeq: 'state-seq',
  requestId: 'x-request-id',
} as const;

export const MEDIA_TYPES = { cbor: 'application/cbor', json: 'application/json' } as const;

/** A version as a strong entity tag. */
export function toETag(version: number): string {
  return `"${version}"`;
}

/** The versions that an If-Match header names, `any` for `*`; undefined when it names none that we gave out. */
export function parseIfMatch(header: string): readonly number[] | 'any' | undefined {
  if (header.trim() === '*') return 'any';
  const tags = header.split(',').map((tag) => /^\s*"([1-9][0-9]{0,15})"\s*$/.exec(tag)?.[1]);
  const versions = tags.map(Number).filter(Number.isSafeInteger);
  return versions.length === 0 ? undefined : versions;
}

export interface StateSeq {
  readonly epoch: Epoch;
  readonly seq: number;
}

/** `epoch:seq`. */
export function formatStateSeq(position: StateSeq): string {
  return `${position.epoch}:${position.seq}`;
}

export function parseStateSeq(header: string): StateSeq | undefined {
  const match = /^(.{1,64}):(0|[1-9][0-9]{0,15})$/.exec(header.trim());
  const [, epoch, seq] = match ?? [];
  return epoch === undefined ? undefined : { epoch: asEpoch(epoch), seq: Number(seq) };
}

const QUOTED = /^"([\x21\x23-\x7e]{1,255})"$/;
const BARE = /^[\x21\x23-\x7e]{1,255}$/;

/** The key of an Idempotency-Key header, bare or quoted; undefined when it is not 1 to 255 visible ASCII characters. */
export function parseIdempotencyKey(header: string): string | undefined {
  const text = header.trim();
  return QUOTED.exec(text)?.[1] ?? (BARE.test(text) ? text : undefined);
}
