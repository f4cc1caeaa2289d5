export { type Entity, getEntity } from './get-entity';
export { ENTITY_DEPS, type EntityDeps, EntityHttp } from './entity.http';
