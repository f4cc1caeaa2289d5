import type {
  BraneCompany,
  BraneMeta,
  BraneSettings,
  BraneStatus,
  Group,
  Role,
  Visibility,
} from './entities';
import type { BraneId, UserId } from './ids';
import { IDENTITY } from './matrix';
import type { BraneOp, OpContext } from './ops';
import { orderBetween } from './order';
import { ok, refuse, type Result } from './refusal';

/** What may become of a brane (SYNC L7). */
const TRANSITIONS: Readonly<Record<BraneStatus, readonly BraneStatus[]>> = {
  live: ['deleted'],
  deleted: ['live', 'purging'],
  purging: ['purged'],
  purged: [],
};

export interface NewBraneMeta {
  readonly id: BraneId;
  readonly name: string;
  readonly visibility: Visibility;
  readonly owner: UserId;
  /** RFC 3339. */
  readonly at: string;
  readonly settings?: BraneSettings;
  readonly company?: BraneCompany;
}

/** A new live brane with one owner; one of a company has none besides the company's. */
export function newMeta(brane: NewBraneMeta): BraneMeta {
  return {
    id: brane.id,
    name: brane.name,
    visibility: brane.visibility,
    status: 'live',
    members: brane.company ? {} : { [brane.owner]: 'owner' },
    created_at: brane.at,
    updated_at: brane.at,
    created_by: brane.owner,
    ...(brane.settings && { settings: brane.settings }),
    ...(brane.company && { company: brane.company }),
  };
}

/** The root group of a new brane, with the brane's id (SYNC S7); its `create` op is the first in the log. */
export function newRoot(meta: BraneMeta, context: OpContext): Group {
  return {
    kind: 'group',
    id: meta.id,
    brane_id: meta.id,
    parent_id: null,
    order: orderBetween(null, null),
    name: meta.name,
    transform: IDENTITY,
    properties: {},
    prototype: null,
    version: 1,
    seq: context.seq,
    created_at: context.at,
    updated_at: context.at,
    created_by: context.actor,
    updated_by: context.actor,
    is_brane: true,
    gallery: {},
  };
}

/** What is true of the brane after the op (SYNC L6, L7). The root group keeps a name of its own. */
export function applyBraneOp(meta: BraneMeta, op: BraneOp, context: OpContext): Result<BraneMeta> {
  switch (op.op) {
    case 'set_brane': {
      const { op: _op, ...fields } = op;
      return ok({ ...meta, ...fields, updated_at: context.at });
    }
    case 'set_member':
      return setMember(meta, op.user_id, op.role, context);
    case 'set_status':
      return setStatus(meta, op.status, op.purge_after, context);
  }
}

function setMember(
  meta: BraneMeta,
  userId: UserId,
  role: Role | null,
  context: OpContext,
): Result<BraneMeta> {
  const { [userId]: _, ...others } = meta.members;
  const before = Object.hasOwn(meta.members, userId) ? meta.members[userId] : undefined;
  if (role === null && before === undefined) {
    return refuse('member.unknown', `${userId} is not a member`, { user_id: userId });
  }
  if (role === 'owner' && meta.company) {
    return refuse('member.company_owned', 'this brane is owned by its company', { user_id: userId });
  }
  const keepsOwner = Boolean(meta.company) || role === 'owner' || Object.values(others).includes('owner');
  if (before === 'owner' && !keepsOwner) {
    return refuse('member.last_owner', 'a brane keeps at least one owner', { user_id: userId });
  }
  const members = role === null ? others : { ...others, [userId]: role };
  return ok({ ...meta, members, updated_at: context.at });
}

function setStatus(
  meta: BraneMeta,
  status: BraneStatus,
  purgeAfter: string | undefined,
  context: OpContext,
): Result<BraneMeta> {
  if (!TRANSITIONS[meta.status].includes(status)) {
    return refuse('op.invalid', `a brane that is ${meta.status} cannot become ${status}`, { status });
  }
  const { purge_after: before, ...rest } = meta;
  // Only a brane on its way out has a day on which it goes.
  const purge = status === 'live' || status === 'purged' ? undefined : (purgeAfter ?? before);
  return ok({
    ...rest,
    status,
    updated_at: context.at,
    ...(purge === undefined ? {} : { purge_after: purge }),
  });
}
