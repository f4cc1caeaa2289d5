export { type CreateObject, createObject, type ObjectDeps } from './create-object';
export { deleteObject } from './delete-object';
export { demoteKind, type DemoteDeps } from './demote.operation';
export { type FoundObject, findObject } from './find-object';
export { type ListChildren, listChildren } from './list-children';
export { type MoveObject, moveObject } from './move-object';
export { type UpdateObject, updateObject } from './update-object';
export { OBJECT_DEPS, ObjectHttp, objectReads } from './object.http';
