import { type ChildrenPage, readChildren } from '@state-server/commit';
import type { ObjectId, UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { findObject } from './find-object';

export interface ListChildren {
  readonly user_id: UserId;
  readonly parent_id: ObjectId;
  /** `next` of the page before. */
  readonly after?: { readonly order: string; readonly id: ObjectId };
  readonly limit: number;
}

/** Direct children in sibling order; a block has none. Throws `object.not_found`. */
export async function listChildren(store: Store, input: ListChildren): Promise<ChildrenPage> {
  const { meta } = await findObject(store, input.user_id, input.parent_id);
  const { after, limit } = input;
  const page = await readChildren(store, meta.id, input.parent_id, {
    limit,
    ...(after === undefined ? {} : { after }),
  });
  if (!page) throw fail('object.not_found', { id: input.parent_id });
  return page;
}
