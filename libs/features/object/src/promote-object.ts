import { type Position, readBraneAs, withResult } from '@state-server/commit';
import { type BraneMeta, type ObjectId, type Standing, asBraneId } from '@state-server/domain';
import type { HeadDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { ObjectDeps } from './create-object';
import { findObject } from './find-object';
import { type Also, type ObjectWriter, originOf } from './written-object';

export interface PromoteObject extends ObjectWriter {
  readonly id: ObjectId;
  readonly also?: Also<PromotedGroup>;
}

/** The new brane, and what the one who made it is in it. */
export interface PromotedGroup {
  readonly brane: { readonly meta: BraneMeta; readonly version: number; readonly head: HeadDoc };
  readonly role: Standing;
  readonly position: Position;
  readonly replayed: boolean;
}

/**
 * Makes a group a brane with a log of its own, under the group's id; a link takes its place. Throws `object.not_found`,
 * `object.not_a_group`, `object.too_many_to_move`, and what else the rules refuse.
 */
export async function promoteObject(deps: ObjectDeps, input: PromoteObject): Promise<PromotedGroup> {
  const { id, user_id } = input;
  const { object } = await findObject(deps.store, user_id, id);
  return withResult(
    (also) => deps.committer.promote({ ...originOf(input, object.brane_id), id, also }),
    async (tx, { epoch, seq, replayed }) => {
      const brane = await readBraneAs(tx, asBraneId(id), user_id);
      if (!brane) throw fail('object.not_found', { id });
      return { brane, role: 'owner' as const, position: { epoch, seq }, replayed };
    },
    input.also,
  );
}
