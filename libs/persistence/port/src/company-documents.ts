import type { CompanyBraneRole, CompanyId, CompanyRole, UserId } from '@state-server/domain';

/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/** An organisation that branes belong to. Every change of its people writes it, so that any two of them see each other. */
export interface CompanyDoc {
  readonly id: CompanyId;
  readonly name: string;
  /** What its members are in its branes; owners and administrators are owners there. */
  readonly brane_role: CompanyBraneRole;
  /** How many of its members are owners: never none while it is there. */
  readonly owners: number;
  readonly members: number;
  readonly version: number;
  readonly created_at: Time;
  readonly updated_at: Time;
  readonly created_by: UserId;
  /** It is gone: nobody is anything by it any more, and what is left of it is being handed on. */
  readonly deleted_at?: Time;
  /** Of a company that is gone: whose its branes become; absent: nobody is left, and they are deleted. */
  readonly heir?: UserId;
}

export interface CompanyMemberDoc {
  readonly company_id: CompanyId;
  readonly user_id: UserId;
  readonly role: CompanyRole;
  readonly since: Time;
}

export interface CompanyInvitationDoc {
  readonly id: string;
  readonly company_id: CompanyId;
  /** As it is compared: lower case. */
  readonly email: string;
  readonly role: CompanyRole;
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  readonly invited_by: UserId;
  readonly created_at: Time;
  readonly expires_at: Time;
}
