import * as z from 'zod/mini';
import { devSignInRequest, refreshRequest } from '../requests';
import { session, tokens, user } from '../resources';
import type { RouteTable } from '../route';

export const authRoutes = {
  'auth.dev': {
    id: 'auth.dev',
    method: 'POST',
    path: '/auth/dev',
    area: 'auth',
    summary: 'Sign in without a password. For development only: in production there is no such route.',
    auth: 'none',
    request: devSignInRequest,
    response: { status: 200, schema: tokens },
    errors: ['request.not_found', 'user.suspended'],
    idempotency: 'none',
  },
  'auth.refresh': {
    id: 'auth.refresh',
    method: 'POST',
    path: '/auth/refresh',
    area: 'auth',
    summary: 'Exchange a refresh token for new tokens. Each refresh token works once.',
    auth: 'none',
    request: refreshRequest,
    response: { status: 200, schema: tokens },
    errors: ['auth.refresh_invalid', 'auth.refresh_reused', 'auth.refresh_superseded', 'user.suspended'],
    idempotency: 'none',
  },
  'auth.logout': {
    id: 'auth.logout',
    method: 'POST',
    path: '/auth/logout',
    area: 'auth',
    summary: 'End the session: its tokens are dead within 2 s, its sockets are closed.',
    auth: 'bearer',
    response: { status: 204 },
    errors: [],
    idempotency: 'none',
  },
  'auth.session': {
    id: 'auth.session',
    method: 'GET',
    path: '/auth/session',
    area: 'auth',
    summary: 'The session and the user that the access token stands for.',
    auth: 'bearer',
    response: { status: 200, schema: z.object({ session, user }) },
    errors: [],
    idempotency: 'none',
  },
  'auth.jwks': {
    id: 'auth.jwks',
    method: 'GET',
    path: '/auth/.well-known/jwks.json',
    area: 'auth',
    summary: 'The public keys that access tokens are signed with (RFC 7517).',
    auth: 'none',
    response: {
      status: 200,
      schema: z.object({
        keys: z.array(
          z.object({
            kty: z.string(),
            crv: z.string(),
            x: z.string(),
            kid: z.string(),
            alg: z.string(),
            use: z.string(),
          }),
        ),
      }),
    },
    errors: [],
    idempotency: 'none',
  },
} as const satisfies RouteTable;
