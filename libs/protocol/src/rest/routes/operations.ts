import { pageOf, pageQuery } from '../page';
import { braneParams, operationParams } from '../requests';
import { operation } from '../resources';
import type { RouteTable } from '../route';

export const operationRoutes = {
  'operations.list': {
    id: 'operations.list',
    access: 'brane.view_work',
    method: 'GET',
    path: '/brane/{id}/operations',
    area: 'brane',
    summary: 'Long work on a brane (restore, fork, …), the newest first. Members only.',
    auth: 'bearer',
    params: braneParams,
    query: pageQuery,
    response: { status: 200, schema: pageOf(operation) },
    errors: ['brane.not_found', 'brane.deleted', 'permission.denied', 'cursor.invalid'],
    idempotency: 'none',
  },
  'operations.get': {
    id: 'operations.get',
    access: 'brane.view_work',
    method: 'GET',
    path: '/brane/{id}/operations/{operation_id}',
    area: 'brane',
    summary: 'How far a piece of long work has come, and what came of it. Members only.',
    auth: 'bearer',
    params: operationParams,
    response: { status: 200, schema: operation },
    errors: ['brane.not_found', 'brane.deleted', 'permission.denied', 'operation.not_found'],
    idempotency: 'none',
  },
} as const satisfies RouteTable;
