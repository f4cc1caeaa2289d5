import type { Block, BraneId, BraneMeta, Group, Ids, Role, UserId, Visibility } from '@state-server/domain';
import { asBraneId, asObjectId, asUserId } from '@state-server/domain';

const EPOCH_TIME = '2026-01-01T00:00:00.000Z';

/** A fresh identity matrix. */
export function identityTransform(): Float32Array {
  return Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
}

/** A translation by metres. */
export function translated(x: number, y: number, z: number): Float32Array {
  const transform = identityTransform();
  transform.set([x, y, z], 12);
  return transform;
}

export interface WorldBuilder {
  readonly owner: UserId;
  readonly braneId: BraneId;
  meta(overrides?: Partial<BraneMeta>): BraneMeta;
  member(role: Role): { readonly user: UserId; readonly members: BraneMeta['members'] };
  root(): Group;
  group(overrides?: Partial<Group>): Group;
  block(overrides?: Partial<Block>): Block;
}

/** Builds the entities of one brane with sensible defaults; whatever a test is about it says itself. */
export function buildWorld(ids: Ids, options: { visibility?: Visibility; name?: string } = {}): WorldBuilder {
  const owner = asUserId(ids.uuid());
  const braneId = asBraneId(ids.uuid());
  const members: Record<UserId, Role> = { [owner]: 'owner' };
  let counter = 0;

  const base = (): Omit<Block, 'kind' | 'model'> => {
    counter += 1;
    return {
      id: asObjectId(ids.uuid()),
      brane_id: braneId,
      parent_id: braneId,
      order: `a${counter.toString(36).padStart(4, '0')}V`,
      name: `object ${counter}`,
      transform: identityTransform(),
      properties: {},
      prototype: null,
      version: 1,
      seq: 1,
      created_at: EPOCH_TIME,
      updated_at: EPOCH_TIME,
      created_by: owner,
      updated_by: owner,
    };
  };

  return {
    owner,
    braneId,
    meta: (overrides = {}) => ({
      id: braneId,
      name: options.name ?? 'a brane',
      visibility: options.visibility ?? 'private',
      status: 'live',
      members: { ...members },
      created_at: EPOCH_TIME,
      updated_at: EPOCH_TIME,
      created_by: owner,
      ...overrides,
    }),
    member: (role) => {
      const user = asUserId(ids.uuid());
      members[user] = role;
      return { user, members: { ...members } };
    },
    root: () => ({
      ...base(),
      id: braneId,
      parent_id: null,
      order: 'a0',
      kind: 'group',
      is_brane: true,
      gallery: {},
    }),
    group: (overrides = {}) => ({ ...base(), kind: 'group', is_brane: false, gallery: {}, ...overrides }),
    block: (overrides = {}) => ({ ...base(), kind: 'block', model: null, ...overrides }),
  };
}
