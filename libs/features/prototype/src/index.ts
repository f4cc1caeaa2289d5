export {
  type ChangePrototype,
  deletePrototype,
  type UpdatePrototype,
  updatePrototype,
} from './change-prototype';
export { type CreatePrototype, createPrototype } from './create-prototype';
export { findPrototype } from './find-prototype';
export { type InstantiatePrototype, instantiatePrototype, type NewInstance } from './instantiate-prototype';
export { type ListPrototypes, listPrototypes, type PrototypePage } from './list-prototypes';
export type { PrototypeDeps } from './prototype-deps';
export { PROTOTYPE_DEPS, PrototypeHttp } from './prototype.http';
export { type PublishedVersion, type PublishVersion, publishVersion } from './publish-version';
export { listVersions, type ListVersions, type ReadVersion, readVersion } from './read-version';
export {
  UPGRADE_INSTANCES,
  type UpgradeInstances,
  upgradeInstances,
  upgradeInstancesKind,
} from './upgrade-instances';
export { type UpgradedObject, type UpgradeObject, upgradeObject } from './upgrade-object';
export { UpgradeHttp } from './upgrade.http';
