export { braneMeta, braneStatus, role, roleOrGuest, visibility } from './brane-meta';
export { parseWith } from './parse';
export { sceneObject } from './objects';
export type * from './prototypes';
