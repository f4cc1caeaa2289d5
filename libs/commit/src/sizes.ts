import {
  type Inverse,
  type ObjectId,
  type Op,
  type SceneObject,
  type SceneReader,
  valueBytes,
} from '@state-server/domain';

/** Bytes of one entry in a list of children: two strings and two array slots. */
export const SIBLING_BYTES = 120;

/** What an object takes besides its values and texts: matrix, ids, times, names of fields, keys, index entries. */
const OBJECT_BASE_BYTES = 1_000;
const GALLERY_ENTRY_BYTES = 100;
const MODEL_BYTES = 300;
/** A log entry and the record of its op id, besides frame and inverses. */
const ENTRY_BASE_BYTES = 900;
const INVERSE_BYTES = 120;

/** About what an object takes, in memory as well as in the store: for bounds, not for accounts. */
export function objectBytes(object: SceneObject): number {
  const base = OBJECT_BASE_BYTES + 2 * object.name.length + valueBytes(object.properties);
  if (object.kind === 'group') return base + GALLERY_ENTRY_BYTES * Object.keys(object.gallery).length;
  return object.model ? base + MODEL_BYTES + object.model.previews.join('').length : base;
}

/** About what a log entry and its record take in the store. */
export function entryBytes(frameBytes: number, inverses: readonly Inverse[]): number {
  let bytes = ENTRY_BASE_BYTES + frameBytes;
  for (const inverse of inverses) {
    bytes += INVERSE_BYTES;
    if (inverse.undo !== 'update') continue;
    for (const { pointer, before, after } of inverse.pointers) {
      bytes += pointer.length + valueBytes(before) + valueBytes(after);
    }
  }
  return bytes;
}

/** Notes the size of the objects that the op has touched, each once per transaction. */
export function touchedBytes(scene: SceneReader, op: Op, into: Map<ObjectId, number>): void {
  const note = (id: ObjectId): void => {
    const object = scene.get(id);
    if (object) into.set(id, objectBytes(object));
  };
  switch (op.op) {
    case 'create':
      return note(op.object.id);
    case 'update':
    case 'transform':
    case 'move':
    case 'delete':
    case 'undelete':
      return note(op.id);
    case 'reorder':
      return Object.keys(op.orders).forEach((id) => note(id as ObjectId));
    case 'reap':
      return op.ids.forEach((id) => into.set(id, OBJECT_BASE_BYTES));
    case 'set_brane':
    case 'set_member':
    case 'set_status':
      return;
    default:
      op satisfies never;
  }
}
