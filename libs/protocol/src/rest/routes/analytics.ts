import * as z from 'zod/mini';
import { cursor, limit, pageOf } from '../page';
import { popular } from '../resources';
import type { RouteTable } from '../route';

export const analyticsRoutes = {
  'analytics.popular': {
    id: 'analytics.popular',
    access: 'server.measure',
    limit: 'search',
    method: 'GET',
    path: '/analytics/popular',
    area: 'analytics',
    summary:
      'The public branes or prototypes where most goes on: visits, edits and instances, half as much after a week.',
    auth: 'bearer',
    query: z.strictObject({ kind: z._default(z.enum(['brane', 'prototype']), 'brane'), limit, cursor }),
    response: { status: 200, schema: pageOf(popular) },
    errors: ['cursor.invalid'],
    idempotency: 'none',
  },
} as const satisfies RouteTable;
