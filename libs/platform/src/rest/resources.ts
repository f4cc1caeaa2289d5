import type { BraneMeta, Standing } from '@state-server/domain';
import type { HeadDoc, OperationDoc, PrototypeDoc, UserDoc } from '@state-server/persistence-port';
import type {
  AdminUserResource,
  BraneResource,
  OperationResource,
  PrototypeResource,
  UserResource,
  UserSummary,
} from '@state-server/protocol';

/** A brane as it was read with its head. */
export interface BraneState {
  readonly meta: Pick<
    BraneMeta,
    | 'id'
    | 'name'
    | 'visibility'
    | 'status'
    | 'created_at'
    | 'updated_at'
    | 'created_by'
    | 'purge_after'
    | 'settings'
    | 'archived_at'
    | 'forked_from'
    | 'company'
  >;
  readonly version: number;
  readonly head: Pick<HeadDoc, 'epoch' | 'seq' | 'objects'>;
}

/** A brane on the wire, as seen by somebody who is this in it. */
export function toBraneResource({ meta, version, head }: BraneState, role: Standing): BraneResource {
  const { id, name, visibility, status, created_at, updated_at, created_by, purge_after } = meta;
  const { settings, archived_at, forked_from, company } = meta;
  return {
    id,
    name,
    visibility,
    status,
    role,
    epoch: head.epoch,
    seq: head.seq,
    objects: head.objects,
    version,
    created_at,
    updated_at,
    created_by,
    ...(purge_after === undefined ? {} : { purge_after }),
    ...(settings && { settings }),
    ...(typeof archived_at === 'string' ? { archived_at } : {}),
    ...(forked_from && { forked_from }),
    ...(company && { company_id: company.id }),
  };
}

/** A user on the wire, for himself. */
export function toUserResource(user: UserDoc): UserResource {
  const { id, name, email, avatar, locale, settings, guest, roles, version, created_at, updated_at } = user;
  return {
    id,
    name,
    ...(email === undefined ? {} : { email }),
    ...(avatar === undefined ? {} : { avatar }),
    ...(locale === undefined ? {} : { locale }),
    ...(settings === undefined ? {} : { settings }),
    ...(guest && { guest: { brane_id: guest.brane_id, expires_at: guest.expires_at } }),
    roles: [...roles],
    version,
    created_at,
    updated_at,
  };
}

/** Without what only its steps need to know. */
export function toOperationResource(operation: OperationDoc): OperationResource {
  const { id, kind, brane_id, user_id, state, progress, result, error, created_at, updated_at } = operation;
  return {
    ...{ id, kind, brane_id, user_id, state, progress },
    ...(result === undefined ? {} : { result: { ...result } }),
    ...(error === undefined ? {} : { error }),
    ...{ created_at, updated_at },
  };
}

/** Where an operation is seen. */
export function operationLocation({ brane_id, id }: Pick<OperationDoc, 'brane_id' | 'id'>): string {
  return `/brane/${brane_id}/operations/${id}`;
}

/** For an administrator. */
export function toAdminUserResource(user: UserDoc): AdminUserResource {
  const { suspension, deleted_at } = user;
  return {
    ...toUserResource(user),
    ...(suspension && { suspension }),
    ...(deleted_at === undefined ? {} : { deleted_at }),
  };
}

/** For everybody else. Of one who is gone nothing but that. */
export function toUserSummary({
  id,
  name,
  avatar,
  guest,
  deleted_at,
}: Pick<UserDoc, 'id' | 'name' | 'avatar' | 'guest' | 'deleted_at'>): UserSummary {
  if (deleted_at !== undefined) return { id, name: null, deleted: true };
  return { id, name, ...(avatar === undefined ? {} : { avatar }), ...(guest && { guest: true }) };
}

/** A prototype on the wire. */
export function toPrototypeResource({
  kept: _kept,
  listed: _listed,
  tags,
  ...rest
}: PrototypeDoc): PrototypeResource {
  return { ...rest, tags: [...tags] };
}
