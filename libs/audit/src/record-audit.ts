import { randomUUID } from 'node:crypto';
import { asUserId, type BraneId, type UserId } from '@state-server/domain';
import type {
  ActorKind,
  AuditDetail,
  AuditDoc,
  AuditTargetKind,
  Transaction,
} from '@state-server/persistence-port';
import type { AuditAction } from './actions';
import { type AuditOrigin, type OriginalRequest, originOf } from './origin';

/** Who acted. `system`: the installation itself, or whoever has its command line; without an id where nobody is known. */
export interface AuditActor {
  readonly kind: ActorKind;
  readonly id?: string;
}

/** Who acted, and from where. */
export interface AuditBy extends AuditOrigin {
  readonly actor: AuditActor;
}

export interface AuditTarget {
  readonly kind: AuditTargetKind;
  readonly id: string;
}

export interface AuditEntry extends AuditBy {
  /** A UUID of its own, for what several processes meet and one is to write; default: a new one. */
  readonly id?: string;
  readonly action: AuditAction;
  readonly target?: AuditTarget;
  /** Whose security it concerns; default: the target, where that is a user. He is shown the entry. */
  readonly user_id?: UserId;
  readonly brane_id?: BraneId;
  readonly company_id?: string;
  /** As given by whoever acted. */
  readonly reason?: string;
  /** A few small values that tell what changed. Never a token, key, password, link or e-mail address. */
  readonly details?: Readonly<Record<string, AuditDetail>>;
  /** Ms since the epoch, of the clock that the act is written with. */
  readonly at: number;
}

/**
 * Writes an entry into the audit log, in the transaction of the act: there is neither without the other (AUDIT-1). Nothing is
 * read and no common document is written, so entries never conflict. The id is new in each attempt of a transaction; one
 * of them commits.
 */
export function recordAudit(tx: Pick<Transaction, 'put'>, entry: AuditEntry): void {
  tx.put('audit', toAuditDoc(entry, entry.id ?? randomUUID()));
}

/** Of an Identity: who acts. */
export function actorOf(identity: {
  readonly user_id: UserId;
  readonly kind: Exclude<ActorKind, 'system'>;
}): AuditActor {
  return { kind: identity.kind, id: identity.user_id };
}

/** Who sent a request, and from where. */
export function auditBy(request: OriginalRequest, identity: Parameters<typeof actorOf>[0]): AuditBy {
  return { ...originOf(request), actor: actorOf(identity) };
}

export const SYSTEM_ACTOR: AuditActor = Object.freeze({ kind: 'system' });

function toAuditDoc({ actor, target, at, user_id, ...rest }: AuditEntry, id: string): AuditDoc {
  const concerned = user_id ?? (target?.kind === 'user' ? asUserId(target.id) : undefined);
  return {
    ...rest,
    at: new Date(at).toISOString(),
    id,
    actor_kind: actor.kind,
    ...(actor.id === undefined ? {} : { actor_id: actor.id }),
    ...(target && { target_kind: target.kind, target_id: target.id }),
    ...(concerned === undefined ? {} : { user_id: concerned }),
  };
}
