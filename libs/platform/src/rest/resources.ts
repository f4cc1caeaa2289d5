import type { BraneMeta, Standing } from '@state-server/domain';
import type { HeadDoc, UserDoc } from '@state-server/persistence-port';
import type { BraneResource, UserResource } from '@state-server/protocol';

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
  >;
  readonly version: number;
  readonly head: Pick<HeadDoc, 'epoch' | 'seq' | 'objects'>;
}

/** A brane on the wire, as seen by somebody who is this in it. */
export function toBraneResource({ meta, version, head }: BraneState, role: Standing): BraneResource {
  const { id, name, visibility, status, created_at, updated_at, created_by, purge_after } = meta;
  const { settings, archived_at } = meta;
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
  };
}

/** A user on the wire, for himself. */
export function toUserResource(user: UserDoc): UserResource {
  const { id, name, email, roles, version, created_at, updated_at } = user;
  return {
    id,
    name,
    ...(email === undefined ? {} : { email }),
    roles: [...roles],
    version,
    created_at,
    updated_at,
  };
}
