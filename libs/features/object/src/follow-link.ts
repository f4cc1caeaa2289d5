import { readBraneAs, withReadErrors } from '@state-server/commit';
import { type BraneId, type ObjectId, type UserId, can, roleIn } from '@state-server/domain';
import { toBraneResource } from '@state-server/platform';
import type { ReadTransaction, Store } from '@state-server/persistence-port';
import { type FollowedLinkResponse, fail } from '@state-server/protocol';
import { findObject } from './find-object';

/**
 * What a link leads to, as far as the user may know it: roles are not inherited (SYNC S7), so a brane that he may not see
 * looks like one that never was. Throws `object.not_found`, `object.not_a_link`.
 */
export async function followLink(store: Store, userId: UserId, id: ObjectId): Promise<FollowedLinkResponse> {
  const { object } = await findObject(store, userId, id);
  const link = object.kind === 'group' ? object.link : undefined;
  if (link === undefined) throw fail('object.not_a_link', { id });
  return withReadErrors(store.read({ label: 'object.link' }, (tx) => follow(tx, userId, link)));
}

async function follow(tx: ReadTransaction, userId: UserId, link: BraneId): Promise<FollowedLinkResponse> {
  const found = await readBraneAs(tx, link, userId);
  if (!found) {
    // Of a purged brane only the tombstone is left: whose it was is known to nobody.
    const head = await tx.get('heads', [link]);
    return { link, state: head?.status === 'purged' ? 'gone' : 'unavailable' };
  }
  const role = roleIn(found.meta, userId);
  if (role === null || !can(role, 'view')) return { link, state: 'unavailable' };
  if (found.meta.status === 'live') return { link, state: 'live', brane: toBraneResource(found, role) };
  if (role === 'guest') return { link, state: 'unavailable' };
  return { link, state: 'deleted', brane: toBraneResource(found, role) };
}
