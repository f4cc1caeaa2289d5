import type { RefusalCode } from '@state-server/domain';

export interface ErrorRow {
  /** HTTP status of the envelope. */
  readonly status: number;
  /** The same request, sent again later, may succeed. */
  readonly retryable: boolean;
  /** WebSocket close code, where a door ends the connection because of it. */
  readonly close?: number;
  /** One sentence for people; the default message. */
  readonly summary: string;
}

function row(status: number, summary: string, close?: number, retryable = false): ErrorRow {
  return { status, retryable, summary, ...(close && { close }) };
}

/** The same request, sent again later, may succeed. */
function passing(status: number, summary: string, close?: number): ErrorRow {
  return row(status, summary, close, true);
}

/**
 * Every error that a client can meet, once. A code is never given another meaning and never used again after it went.
 * Close codes 3000–3499 tell the client to come back, 3500–3999 tell it not to.
 */
export const ERRORS = {
  'auth.required': row(401, 'Sign in first: send an access token.', 3500),
  'auth.invalid_token': row(401, 'The access token is not valid.', 3501),
  'auth.expired': row(401, 'The access token has expired: refresh it.', 3400),
  'auth.revoked': row(401, 'The session was ended: sign in again.', 3502),
  'auth.refresh_invalid': row(401, 'The refresh token is not valid: sign in again.'),
  'auth.refresh_reused': row(401, 'The refresh token was used before: its session was ended for safety.'),
  'auth.refresh_superseded': row(
    409,
    'The refresh token was used a moment ago: use the tokens that came of it.',
  ),
  'auth.ticket_invalid': row(401, 'The ticket is unknown, used or expired: ask for a new one.', 3503),
  'auth.origin_refused': row(403, 'Connections from this origin are not allowed.', 3504),
  'auth.internal_only': row(403, 'This service is reached through the gateway alone.'),
  'auth.not_recent': row(403, 'This asks for a recent sign-in: sign in again.'),

  'oauth.return_refused': row(400, 'This return address is not on the list.'),
  'oauth.flow_invalid': row(400, 'This sign-in is over, or was not begun in this browser: begin again.'),
  'oauth.denied': row(403, 'The provider was not allowed to say who you are.'),
  'oauth.tenant_refused': row(403, 'Accounts of this organisation are not admitted.'),
  'oauth.answer_invalid': row(502, 'What the provider answered cannot be trusted.'),
  'oauth.provider_unavailable': passing(503, 'The provider does not answer: try again.'),
  'oauth.code_invalid': row(400, 'The code is unknown, used or expired: begin again.'),
  'identity.not_found': row(404, 'You have no such identity.'),
  'identity.exists': row(409, 'You have an identity of this provider: unlink it first.'),
  'identity.in_use': row(409, 'This identity belongs to another user.'),
  'identity.last': row(409, 'The last way to sign in cannot be removed.'),

  'body.malformed': row(400, 'The body is not well-formed.'),
  'body.invalid': row(400, 'The body does not have the expected fields.'),
  'body.too_large': row(413, 'The body is larger than this route takes.'),
  'body.unsupported_type': row(415, 'Send application/cbor or application/json.'),
  'query.invalid': row(400, 'A query or path parameter does not have the expected form.'),
  'cursor.invalid': row(400, 'The cursor is not one that this list gave out.'),
  'request.not_acceptable': row(406, 'Answers come as application/cbor or application/json.'),
  'request.not_found': row(404, 'There is no such route.'),
  'request.method_not_allowed': row(405, 'The route does not know this method.'),
  'request.deadline': passing(504, 'The request took too long; its effect is not known.'),

  'frame.malformed': row(400, 'The message is not well-formed.'),
  'frame.invalid': row(400, 'The frame does not have the expected fields.'),
  'frame.unknown_type': row(400, 'There is no frame of this type.'),
  'frame.too_large': row(413, 'The message is larger than 64 KiB.'),
  'frame.too_many_spoiled': row(400, 'Too much of what was sent could not be read.', 3507),

  'session.hello_required': row(401, 'The first frame must be session.hello.', 3505),
  'session.hello_timeout': passing(408, 'No session.hello came in time.', 3001),
  'session.already_open': row(409, 'The session is open already.'),
  'session.protocol_unsupported': row(400, 'This protocol version is not spoken here.', 3506),
  'session.not_found': row(404, 'You have no such session, or it has ended.'),
  'session.refresh_refused': row(
    403,
    'The token cannot take the place of the one that the session was opened with.',
  ),
  'session.too_many': passing(429, 'Too many open sessions.', 3007),
  'session.slow': passing(429, 'The connection cannot keep up with what it is sent.', 3002),
  'session.silent': passing(408, 'Nothing was heard from the client for too long.', 3003),

  'brane.not_found': row(404, 'There is no such brane, or you may not see it.'),
  'brane.deleted': row(410, 'The brane was deleted.'),
  'brane.not_joined': row(409, 'Join the brane first.'),
  'brane.already_joined': row(409, 'The brane is joined already.'),
  'brane.removed': row(403, 'You are no longer a member of this brane.'),
  'brane.too_many_objects': row(422, 'The brane holds as many objects as it may.'),
  'brane.too_many_members': row(422, 'The brane has as many members as it may.'),
  'brane.frozen': row(423, 'The brane does not take edits now.'),
  'brane.archived': row(423, 'The brane is archived: it is for looking only.'),
  'brane.too_many_joined': row(422, 'A session cannot join more branes at a time.'),

  'brane.banned': row(403, 'You are banned from this brane.'),
  'brane.kicked': row(403, 'You were put out of this brane; you may come back.'),
  'brane.full': passing(429, 'As many people are in the brane as it takes.'),

  'link.not_found': row(404, 'There is no such link, or it was revoked.'),
  'link.expired': row(410, 'The link has expired, or has let in as many as it may.'),
  'link.too_many': row(422, 'The brane has as many links as it may.'),
  'moderation.not_found': row(404, 'There is no such ban or mute.'),

  'history.too_old': row(410, 'What is kept of this brane does not reach back so far.'),
  'history.ahead': row(404, 'The brane has not come so far yet.'),
  'operation.not_found': row(404, 'This brane has no such operation.'),

  'user.not_found': row(404, 'There is no such user.'),
  'user.suspended': row(403, 'This account is suspended.'),
  'service.not_found': row(404, 'You have no such service account.'),
  'service.too_many': row(422, 'You have as many service accounts as you may.'),
  'service.key_not_found': row(404, 'This service account has no such key.'),
  'service.too_many_keys': row(422, 'The service account has as many keys as it may.'),
  'inventory.not_found': row(404, 'The prototype is not in this inventory.'),
  'inventory.full': row(422, 'The inventory holds as much as it may.'),
  'member.last_owner': row(409, 'A brane keeps at least one owner.'),
  'member.company_owned': row(409, 'A brane of a company is owned by the company, and by no user besides.'),
  'member.unknown': row(404, 'This user is not a member of the brane.'),
  'company.not_found': row(404, 'There is no such company.'),
  'company.member_unknown': row(404, 'This user is not a member of the company.'),
  'company.last_owner': row(409, 'A company keeps at least one owner.'),
  'company.full': row(422, 'The company has as many members or invitations as it may.'),
  'company.too_many': row(422, 'The user is a member of as many companies as he may be.'),
  'company.changed': passing(409, 'The company changed at the same time: try again.'),
  'invitation.not_found': row(404, 'There is no such invitation, or it was used, withdrawn or has expired.'),
  'invitation.not_yours': row(403, 'The invitation is for somebody with another e-mail address.'),
  'permission.denied': row(403, 'You may see this, and may not do that with it.'),
  'permission.scope_missing': row(403, 'The token or key was not issued for this.'),

  'object.not_found': row(404, 'There is no such object.'),
  'object.exists': row(409, 'The object exists already.'),
  'object.not_a_group': row(422, 'Only a group can hold other objects.'),
  'object.is_root': row(422, 'The root group of a brane cannot be moved or deleted.'),
  'object.cycle': row(422, 'An object cannot be moved into what it holds.'),
  'object.too_deep': row(422, 'The tree would become too deep.'),
  'object.too_many_children': row(422, 'The group holds as many children as it may.'),
  'object.version_mismatch': row(412, 'The object was changed since the version you named.'),
  'object.not_deleted': row(409, 'The object is not deleted.'),
  'object.not_a_link': row(422, 'The object is no link to a brane.'),
  'object.locked': row(423, 'The object, or what it hangs below, is locked.'),
  'object.pinned': row(423, 'The object is pinned to its place.'),
  'object.too_many_to_move': row(422, 'The object holds too much to move into another brane at once.'),
  'field.not_settable': row(422, 'This field cannot be set by an update.'),
  'field.overlap': row(422, 'One update names a field and a part of it.'),
  'field.invalid': row(422, 'The value does not fit the field.'),
  'field.too_large': row(422, 'The value is larger than the field takes.'),
  'transform.not_finite': row(422, 'A transform must be finite, also in world space.'),
  'order.invalid': row(422, 'The order key is not valid.'),
  'id.taken': row(409, 'The id is in use or was used before.'),

  'op.invalid': row(422, 'The op cannot be applied.'),
  'op.unsupported': row(422, 'This is not available.'),
  'prototype.not_found': row(404, 'There is no such prototype, or you may not see it.'),
  'prototype.version_not_found': row(404, 'The prototype has no such version.'),
  'prototype.unpublished': row(409, 'The prototype has no version yet: publish one.'),
  'prototype.deleted': row(410, 'The prototype was deleted.'),
  'prototype.deprecated': row(409, 'The prototype is deprecated: name the version that you want.'),
  'prototype.invalid': row(422, 'A version cannot be made of this.'),
  'prototype.not_an_instance': row(422, 'The object is not the root of an instance of a prototype.'),
  'property.invalid': row(422, 'The property does not fit the schema of the prototype.'),
  'property.required': row(422, 'The schema of the prototype requires this property.'),
  'property.unknown': row(422, 'The schema of the prototype has no such property.'),
  'upgrade.nothing': row(409, 'The instance is at that version already, or at a newer one.'),
  'op_id.reused': row(409, 'The op id was used for another edit.'),
  'edit.empty': row(422, 'An edit holds at least one op.'),
  'edit.too_many_ops': row(422, 'An edit holds too many ops.'),
  'edit.too_large': row(422, 'The edit is too large.'),
  'edit.too_old': row(409, 'The edit is too old to be sure that it is new: show it to the user.'),
  'edit.out_of_order': passing(409, 'An earlier edit of this session is missing: send again from there.'),
  'undo.superseded': row(409, 'What would be undone was changed since.'),
  'undo.nothing': row(409, 'There is nothing to undo or redo.'),
  'undo.not_found': row(404, 'The log holds no such edit of yours.'),
  'undo.too_old': row(409, 'The log does not reach back to that edit any more.'),
  'undo.already_done': row(409, 'It is undone already, or done again already.'),

  'idempotency.key_required': row(400, 'Send an Idempotency-Key header.'),
  'idempotency.key_invalid': row(400, 'The Idempotency-Key must be 1 to 255 visible ASCII characters.'),
  'idempotency.key_reused': row(422, 'The Idempotency-Key was used for another request.'),
  'precondition.required': row(
    428,
    'Name the version that you have seen in If-Match: this cannot be taken back.',
  ),
  'precondition.failed': row(412, 'The resource was changed since the version named in If-Match.'),

  'rate.limited': passing(429, 'Too many requests: slow down.', 3004),
  'gateway.draining': passing(503, 'This server is shutting down: connect again.', 3000),
  'dependency.unavailable': passing(503, 'A service that this needs does not answer.', 3005),
  'store.read_only': passing(503, 'The store takes no edits now: try again.'),
  'clock.skew': passing(503, 'A clock is wrong.', 3008),
  'commit.conflict': passing(503, 'Too many writers at once: try again.'),
  'commit.outcome_unknown': passing(503, 'Whether the edit was stored is not known: send it again.'),
  'upstream.unavailable': passing(502, 'The service behind this route does not answer.'),
  'callback.signature_invalid': row(401, 'The signature is not valid.'),
  'callback.job_unknown': row(404, 'There is no such job.'),
  'callback.superseded': row(409, 'The job has moved on: this attempt no longer counts.'),
  internal: passing(500, 'Something went wrong on the server.', 3006),
} as const satisfies Record<RefusalCode, ErrorRow> & Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** The table seen as a plain map. */
export const errorRow = (code: ErrorCode): ErrorRow => ERRORS[code];

/** True for a code of this table: an SDK may meet a newer server. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** Close codes that are not errors of the table. */
export const CLOSE_NORMAL = 1000;
/** Above 1 MiB a message is not even read. */
export const CLOSE_TOO_BIG = 1009;

/** Whether a client should connect again after this close code: everything but "do not" (3500–3999) and a normal end. */
export function mayReconnect(closeCode: number): boolean {
  return closeCode !== CLOSE_NORMAL && !(closeCode >= 3500 && closeCode <= 3999);
}
