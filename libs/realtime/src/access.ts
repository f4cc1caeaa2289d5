import {
  applyBraneOp,
  type BraneMeta,
  type BraneOp,
  standingIn,
  type Standing,
  type UserId,
} from '@state-server/domain';
import { type BraneOpsFrame, decodeCbor, fail, FROM_SERVER } from '@state-server/protocol';
import type { PutOut } from './seat';

/** What a user may do with a brane as it is now. */
export type Access =
  | { readonly kind: 'allowed'; readonly role: Standing }
  /** It is deleted, and he would be allowed to see it. */
  | { readonly kind: 'deleted' }
  | { readonly kind: 'refused' };

export function accessOf(meta: BraneMeta, userId: UserId): Access {
  const role = standingIn(meta, userId);
  if (role === null) return { kind: 'refused' };
  return meta.status === 'live' ? { kind: 'allowed', role } : { kind: 'deleted' };
}

/** What he may come in as. Throws `brane.deleted`; `brane.not_found`, also to whoever is banned. */
export function roleFor(meta: BraneMeta, userId: UserId): Standing {
  const access = accessOf(meta, userId);
  if (access.kind === 'deleted') throw fail('brane.deleted', { brane_id: meta.id });
  if (access.kind === 'refused') throw fail('brane.not_found', { brane_id: meta.id });
  return access.role;
}

/** Why somebody who is in the brane may stay no longer, once `before` has become `meta`; undefined: he stays. */
export function whyOut(meta: BraneMeta, userId: UserId, before: BraneMeta): PutOut | undefined {
  const { status, bans, kicks } = meta;
  if (accessOf(meta, userId).kind !== 'allowed') {
    if (status !== 'live') return 'deleted';
    return bans && Object.hasOwn(bans, userId) ? 'banned' : 'removed';
  }
  const isKicked = kicks !== before.kicks && kicks?.[userId] !== undefined;
  return isKicked && kicks[userId] !== before.kicks?.[userId] ? 'kicked' : undefined;
}

/** `set_` in ASCII: with it the names of all ops about the brane itself begin, and they stand as plain text in CBOR. */
const MARK = [0x73, 0x65, 0x74, 0x5f] as const;

/**
 * False when no op of the encoded entry is about the brane itself (SYNC L6): so most entries need not be decoded by a
 * gateway. True means only that it has to look.
 */
export function mayChangeBrane(frame: Uint8Array): boolean {
  for (let at = frame.indexOf(MARK[0]); at >= 0; at = frame.indexOf(MARK[0], at + 1)) {
    if (frame[at + 1] === MARK[1] && frame[at + 2] === MARK[2] && frame[at + 3] === MARK[3]) return true;
  }
  return false;
}

/** The brane after this entry; the same object when the entry is not about it. Undefined when the entry does not fit it. */
export function metaAfter(meta: BraneMeta, frame: Uint8Array): BraneMeta | undefined {
  if (!mayChangeBrane(frame)) return meta;
  const entry = decodeCbor(frame, FROM_SERVER) as BraneOpsFrame;
  let next = meta;
  for (const op of entry.ops) {
    if (!isBraneOp(op)) continue;
    const result = applyBraneOp(next, op, { seq: entry.seq, at: entry.at, actor: entry.actor });
    if (!result.ok) return undefined;
    next = result.value;
  }
  return next;
}

function isBraneOp(op: BraneOpsFrame['ops'][number]): op is BraneOp {
  return op.op === 'set_brane' || op.op === 'set_member' || op.op === 'set_status';
}
