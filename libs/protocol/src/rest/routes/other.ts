import * as z from 'zod/mini';
import { pageOf, pageQuery } from '../page';
import { callbackParams, callbackRequest, callbackResponse } from '../requests';
import { health, session } from '../resources';
import type { RouteTable } from '../route';

const probe = {
  method: 'GET',
  area: 'health',
  auth: 'none',
  response: { status: 200, schema: health },
  errors: [],
  idempotency: 'none',
} as const;

export const otherRoutes = {
  'websocket.ticket': {
    id: 'websocket.ticket',
    access: 'server.connect',
    method: 'POST',
    path: '/websocket/ticket',
    area: 'websocket',
    summary: 'A single-use ticket for session.hello, for clients that must not hold a token.',
    auth: 'bearer',
    response: {
      status: 200,
      schema: z.object({
        ticket: z.string(),
        /** Seconds. */
        expires_in: z.int(),
      }),
    },
    errors: [],
    idempotency: 'none',
  },
  'websocket.sessions': {
    id: 'websocket.sessions',
    access: 'server.account',
    method: 'GET',
    path: '/websocket/sessions',
    area: 'websocket',
    summary:
      'Your own sessions that are alive: sign-ins, not sockets. Each socket acts in the name of one and ends with it.',
    auth: 'bearer',
    query: pageQuery,
    response: { status: 200, schema: pageOf(session) },
    errors: ['cursor.invalid'],
    idempotency: 'none',
  },
  'health.live': {
    ...probe,
    id: 'health.live',
    path: '/health/live',
    summary: 'The process runs: 200, otherwise restart it.',
  },
  'health.ready': {
    ...probe,
    id: 'health.ready',
    path: '/health/ready',
    summary: 'The service can do its work: 200, otherwise send it none (503).',
  },
  'health.startup': {
    ...probe,
    id: 'health.startup',
    path: '/health/startup',
    summary: 'The service has started: 200, otherwise wait (503).',
  },
  'internal.callback': {
    id: 'internal.callback',
    method: 'POST',
    path: '/internal/callbacks/{type}',
    area: 'internal',
    summary: 'A worker reports on a job. On callback-ingest alone.',
    auth: 'signature',
    params: callbackParams,
    request: callbackRequest,
    response: { status: 200, schema: callbackResponse },
    errors: ['callback.signature_invalid', 'clock.skew', 'callback.job_unknown', 'callback.superseded'],
    idempotency: 'none',
    bodyBytes: 1024 * 1024,
  },
} as const satisfies RouteTable;
