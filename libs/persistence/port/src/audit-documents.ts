import type { BraneId, UserId } from '@state-server/domain';

/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/** `system`: the installation itself, or whoever has its command line. */
export type ActorKind = 'user' | 'guest' | 'service' | 'system';

/** What an act was done to. */
export type AuditTargetKind = 'user' | 'session' | 'brane' | 'link' | 'company' | 'service_key' | 'key';

/** One act that matters for security. Written by `recordAudit` (libs/audit) alone, and never again. */
export interface AuditDoc {
  readonly at: Time;
  readonly id: string;
  /** One of the closed list of libs/audit. */
  readonly action: string;
  readonly actor_kind: ActorKind;
  /** Absent for the system, and for somebody who is not known. */
  readonly actor_id?: string;
  readonly target_kind?: AuditTargetKind;
  readonly target_id?: string;
  /** Whose security it concerns: he may read it. */
  readonly user_id?: UserId;
  readonly brane_id?: BraneId;
  readonly company_id?: string;
  readonly reason?: string;
  /** Small, and without secrets. */
  readonly details?: Readonly<Record<string, AuditDetail>>;
  /** IP address. */
  readonly address?: string;
  readonly user_agent?: string;
  readonly request_id?: string;
}

export type AuditDetail = string | number | boolean | null | readonly string[];
