import { readBraneAs, withReadErrors } from '@state-server/commit';
import { asUser, type BraneId, can, type ObjectId, standingIn, type UserId } from '@state-server/domain';
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
  if (can(asUser(userId), 'brane.view', found.meta) !== 'allowed') return { link, state: 'unavailable' };
  const brane = toBraneResource(found, standingIn(found.meta, userId) ?? 'guest');
  return { link, state: found.meta.status === 'live' ? 'live' : 'deleted', brane };
}
