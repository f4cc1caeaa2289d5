import type { BraneMeta, Group, SceneObject } from './entities';
import type { BraneId } from './ids';
import { IDENTITY } from './matrix';
import type { Op, OpContext } from './ops';
import { orderBetween } from './order';

/** The brane that a group becomes: seen by whoever sees the old one, with the same members and moderation; who asks for it is an owner. */
export function promotedMeta(old: BraneMeta, id: BraneId, name: string, context: OpContext): BraneMeta {
  const { visibility, members, bans, mutes, company } = old;
  const { at, actor } = context;
  return {
    id,
    name: name === '' ? old.name : name,
    visibility,
    status: 'live',
    // A company's brane has no owner of its own.
    members: company ? members : { ...members, [actor]: 'owner' },
    created_at: at,
    updated_at: at,
    created_by: actor,
    ...(bans && { bans }),
    ...(mutes && { mutes }),
    ...(company && { company }),
  };
}

/**
 * The first entry of its log: the group as the root (its place stays with the link, and it has no lifetime), what it holds
 * below it, and the brane's facts. `moved`: parents first, the group before all.
 */
export function promotedOps(meta: BraneMeta, moved: readonly SceneObject[], context: OpContext): Op[] {
  const ops: Op[] = moved.map((object) => {
    const version = object.version + 1;
    const arrived = { ...object, brane_id: meta.id, version, seq: context.seq };
    return { op: 'create', object: object.id === meta.id ? rootOf(arrived, context) : arrived };
  });
  const { name, visibility, bans, mutes, company } = meta;
  ops.push({
    op: 'set_brane',
    name,
    visibility,
    ...(bans && { bans }),
    ...(mutes && { mutes }),
    ...(company && { company }),
  });
  // Whoever replays a log begins with its first author as the owner.
  if (!Object.hasOwn(meta.members, context.actor)) {
    ops.push({ op: 'set_member', user_id: context.actor, role: null });
  }
  for (const [userId, role] of Object.entries(meta.members)) {
    ops.push({ op: 'set_member', user_id: userId as keyof BraneMeta['members'], role });
  }
  return ops;
}

function rootOf(object: SceneObject, { at, actor }: OpContext): SceneObject {
  if (object.kind === 'block') return object;
  const { expires_at: _expires, pinned: _pinned, ...group } = object;
  const root: Group = {
    ...group,
    parent_id: null,
    order: orderBetween(null, null),
    transform: IDENTITY,
    is_brane: true,
    updated_at: at,
    updated_by: actor,
  };
  return actor === root.created_by ? root : { ...root, co_edited: true };
}
