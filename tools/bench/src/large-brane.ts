import type { Actor, Committer } from '@state-server/commit';
import {
  asBraneId,
  asObjectId,
  asOpId,
  type BraneId,
  type ClientOp,
  type ObjectId,
} from '@state-server/domain';
import { realEnvironment as environment } from '@state-server/platform';

const OPS_PER_EDIT = 200;
const CHILDREN_PER_GROUP = 500;

export interface BuiltBrane {
  readonly id: BraneId;
  readonly blocks: readonly ObjectId[];
}

/** A brane of so many objects, in groups of 500. */
export async function buildBrane(committer: Committer, actor: Actor, size: number): Promise<BuiltBrane> {
  const opId = () => asOpId(environment.ids.uuid());
  const { meta } = await committer.createBrane(actor, {
    op_id: opId(),
    name: 'bench',
    visibility: 'private',
  });
  const id = asBraneId(meta.id);
  const blocks: ObjectId[] = [];
  let group: ObjectId = id;
  let ops: ClientOp[] = [];
  for (let index = 0; index < size; index += 1) {
    const object = asObjectId(environment.ids.uuid());
    if (index % CHILDREN_PER_GROUP === 0) {
      ops.push({ op: 'create', object: { kind: 'group', id: object, parent_id: id } });
      group = object;
    } else {
      ops.push({ op: 'create', object: { kind: 'block', id: object, parent_id: group } });
      blocks.push(object);
    }
    if (ops.length === OPS_PER_EDIT || index === size - 1) {
      await committer.edit({ brane_id: id, actor, op_id: opId(), ops });
      ops = [];
    }
  }
  return { id, blocks };
}
