import { type ChangeObject, changeObject } from './change-object';
import type { ObjectDeps } from './create-object';
import { type WrittenObject, requireVersion } from './written-object';

/** Deletes the object with all that it holds; an undo can bring it back. Throws `object.not_found`, `object.is_root`. */
export async function deleteObject(deps: ObjectDeps, input: ChangeObject): Promise<WrittenObject> {
  return changeObject(deps, input, (object) => [
    { op: 'delete', id: input.id, ...requireVersion(object, input.if_versions) },
  ]);
}
