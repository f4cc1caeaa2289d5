import type { RegionPlace } from '@state-server/commit';
import { asObjectId, isUuid } from '@state-server/domain';
import type { Key } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

/** Parts of a cursor of GET /entity/space. */
export const REGION_CURSOR_PARTS = 6;

/** A place in the list as a key: which part of it, then where. */
export function toKey(place: RegionPlace): Key {
  if (place.in === 'group') return ['group', 0, 0, 0, place.root, place.id];
  const { after } = place;
  return after
    ? ['index', after.x, after.y, after.z, String(after.level), after.id]
    : ['index', 0, 0, 0, '', ''];
}

/** Throws `cursor.invalid` for what `toKey` would not have made. */
export function fromKey([part, x, y, z, where, id]: Key): RegionPlace {
  if (part === 'group' && isUuid(where) && isUuid(id)) {
    return { in: 'group', root: asObjectId(where), id: asObjectId(id) };
  }
  if (part === 'index' && where === '') return { in: 'index', after: undefined };
  const level = typeof where === 'string' && /^[0-9]{1,4}$/.test(where) ? Number(where) : undefined;
  const isPlace = typeof x === 'number' && typeof y === 'number' && typeof z === 'number' && isUuid(id);
  if (part !== 'index' || level === undefined || !isPlace) throw fail('cursor.invalid');
  return { in: 'index', after: { level, x, y, z, id: asObjectId(id) } };
}
