export type { Entity } from './find-entities';
export { getEntities, getEntity } from './get-entity';
export { listRegion } from './list-region';
export { ENTITY_DEPS, type EntityDeps, EntityHttp } from './entity.http';
