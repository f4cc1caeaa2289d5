export { applyOp } from './apply-op';
export * from './authorisation';
export { applyBraneOp, newMeta, newRoot, type NewBraneMeta } from './brane';
export { BRANE_LIMITS, changeBrane } from './change-brane';
export {
  braneCompany,
  COMPANY_LIMITS,
  type CompanyAction,
  type CompanyBraneRole,
  companyCan,
  type CompanyRole,
  heirOfCompany,
  inheritedRole,
} from './company';
export type { EditEnvironment, PrototypeRules, Resolved, Skipped } from './draft';
export * from './entities';
export * from './environment';
export { getPointer, SETTABLE_FIELDS, type SettableName, setPointers, toModel } from './fields';
export * from './ids';
export { LIMITS, type Limits } from './limits';
export {
  compose,
  IDENTITY,
  isFiniteMatrix,
  type Matrix,
  multiply,
  sameTransform,
  toTransform,
  type TransformParts,
  translationOf,
} from './matrix';
export { type Departure, type Leaving, resolveMoveIn, resolveMoveOut } from './move-between';
export * from './ops';
export { compareSiblings, isOrderKey, ORDER_MAX, orderBetween, type Sibling } from './order';
export { formatPointer, parsePointer } from './pointer';
export {
  type Activity as PopularityActivity,
  POPULARITY_HALF_LIFE_MS,
  raiseLevel,
  rankOf,
  scoreAt,
} from './popularity';
export { isPicture, PICTURE_CHARS } from './picture';
export { changeProfile, type Profile, PROFILE_LIMITS, type ProfileChange } from './profile';
export { promotedMeta, promotedOps } from './promote-group';
export * from './refusal';
export { type CellBox, cellsReaching, reachesInto, type Region, type Vector } from './region';
export { resolveEdit } from './resolve-edit';
export { checkContent, checkSize, type TreeSize, type VersionContent } from './prototype/check-content';
export { PROTOTYPE_LIMITS, type PrototypeLimits } from './prototype/limits';
export { migrate, type Migration } from './prototype/migrate';
export {
  checkProperties,
  type PropertyRule,
  type PropertySchema,
  withDefaults,
} from './prototype/property-schema';
export * from './prototype/prototype';
export { prototypeRules } from './prototype/rules';
export { addedByUpgrade } from './prototype/upgrade';
export { maySee } from './prototype/usable';
export { isAsWanted, type RestoreEnvironment, type RestoreTarget, resolveRestore } from './resolve-restore';
export { resolveUndo, type UndoneEntry } from './resolve-undo';
export { respread, type Respread } from './respread';
export { grantedRole, isMuted, roleIn, type Standing } from './roles';
export { emptyScene, Scene } from './scene';
export { hasScope, type IdentityKind, isScope, type Scope, SCOPES } from './scopes';
export type { SceneReader } from './scene-reader';
export { indexTerms, matchesTerms, nameOrder, queryTerms } from './search-terms';
export type { SceneWriter } from './scene-writer';
export {
  BASE_CELL_METRES,
  boundingRadius,
  type Placed,
  placedSubtree,
  rekeySubtree,
  spatialKey,
  worldTransform,
} from './space';
export { created, reordered, touch, type TouchOp } from './touch';
export { ancestors, depthOf, isLive, isWithin, liveObject, liveSubtree, subtree } from './tree';
export { checkValue, isBytes, isText, isValueMap, sameValue, valueBytes } from './values';
export { type Changes, type Savepoint, WorkingCopy } from './working-copy';
