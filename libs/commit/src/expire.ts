import {
  depthOf,
  isLive,
  type ObjectId,
  type Op,
  type OpContext,
  type Resolved,
  type WorkingCopy,
} from '@state-server/domain';
import { fail, fromRefusal } from '@state-server/protocol';
import type { Ground } from './lane';

/** The server's own demand. */
interface Due {
  readonly ids: readonly ObjectId[];
  /** RFC 3339: what ended before it is over. */
  readonly before: string;
}

/**
 * Deletes those of these objects that are live and whose lifetime is over; what goes with one above it needs no op of its
 * own. No inverses: it is nobody's edit. `edit.empty` when none is due any more.
 */
export async function resolveExpire(
  ground: Ground,
  copy: WorkingCopy,
  due: Due,
  context: OpContext,
): Promise<Resolved> {
  await ground.load.objects(due.ids);
  const before = copy.savepoint();
  const ops = await ground.load.run(
    () => expireIn(copy, due, context),
    () => copy.rollback(before),
  );
  if (ops.length === 0) throw fail('edit.empty', undefined, 'Nothing has expired.');
  return { ops, inverses: [], skipped: [] };
}

function expireIn(copy: WorkingCopy, { ids, before }: Due, context: OpContext): Op[] {
  const over = ids
    .map((id) => copy.get(id))
    .filter((object) => object?.expires_at !== undefined && object.expires_at < before)
    .filter((object) => object !== undefined)
    // What is above goes first, and takes along what is below.
    .sort((a, b) => depthOf(copy, a) - depthOf(copy, b));
  const ops: Op[] = [];
  for (const { id, version } of over) {
    const object = copy.get(id);
    if (!object || !isLive(copy, object)) continue;
    const op: Op = { op: 'delete', id, version: version + 1 };
    const result = copy.apply(op, context);
    if (!result.ok) throw fromRefusal(result.refusal);
    ops.push(op);
  }
  return ops;
}
