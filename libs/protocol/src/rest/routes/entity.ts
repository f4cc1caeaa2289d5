import { batchRequest, spaceQuery } from '../entity-requests';
import { entityBatch, spacePage } from '../entity-resources';
import { objectParams } from '../requests';
import { entity } from '../resources';
import type { RouteTable } from '../route';

export const entityRoutes = {
  'entity.get': {
    id: 'entity.get',
    access: 'brane.view',
    method: 'GET',
    path: '/entity/{id}',
    area: 'entity',
    summary: 'Whatever has this id: a brane, an object, a prototype or a user.',
    auth: 'bearer',
    params: objectParams,
    response: { status: 200, schema: entity },
    errors: ['object.not_found'],
    idempotency: 'none',
  },
  'entity.space': {
    id: 'entity.space',
    access: 'brane.view',
    limit: 'search',
    method: 'GET',
    path: '/entity/space',
    area: 'entity',
    summary:
      'What reaches into a box of a brane, by cells of the spatial index. A page may end early: only next_cursor null ends the list.',
    auth: 'bearer',
    query: spaceQuery,
    response: { status: 200, schema: spacePage },
    errors: ['brane.not_found', 'brane.deleted', 'cursor.invalid'],
    idempotency: 'none',
  },
  'entity.batch': {
    id: 'entity.batch',
    access: 'brane.view',
    method: 'POST',
    path: '/entity/batch',
    area: 'entity',
    summary: 'Up to 200 entities of whatever kinds, from one snapshot; for each an entity or an error.',
    auth: 'bearer',
    request: batchRequest,
    response: { status: 200, schema: entityBatch },
    errors: [],
    idempotency: 'none',
  },
} as const satisfies RouteTable;
