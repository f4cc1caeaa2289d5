import * as z from 'zod/mini';
import { beginSignInQuery, identityParams, redeemCodeRequest, signInCallbackQuery } from '../requests';
import { identity, tokens } from '../resources';
import type { RouteTable } from '../route';

const begin = {
  method: 'GET',
  area: 'auth',
  auth: 'none',
  query: beginSignInQuery,
  response: { status: 303 },
  errors: ['request.not_found', 'oauth.return_refused', 'oauth.provider_unavailable'],
  idempotency: 'none',
} as const;

const callback = {
  method: 'GET',
  area: 'auth',
  auth: 'none',
  query: signInCallbackQuery,
  response: { status: 303 },
  errors: [
    'request.not_found',
    'oauth.flow_invalid',
    'oauth.denied',
    'oauth.tenant_refused',
    'oauth.answer_invalid',
    'oauth.provider_unavailable',
  ],
  idempotency: 'none',
} as const;

const CALLBACK =
  'Where the provider sends the browser; it is sent on to return_to, with a one-time code or an error.';

/** Signing in with a provider, and the ways to sign in that a user has. */
export const identityRoutes = {
  'auth.providers': {
    id: 'auth.providers',
    method: 'GET',
    path: '/auth/providers',
    area: 'auth',
    summary: 'The ways to sign in that this installation offers.',
    auth: 'none',
    response: {
      status: 200,
      schema: z.object({ items: z.array(z.object({ provider: z.string(), path: z.string() })) }),
    },
    errors: [],
    idempotency: 'none',
  },
  'auth.google': {
    ...begin,
    id: 'auth.google',
    path: '/auth/google',
    summary: 'Sign in with Google: for the browser to go to. It comes back to return_to.',
  },
  'auth.google_callback': {
    ...callback,
    id: 'auth.google_callback',
    path: '/auth/google/callback',
    summary: CALLBACK,
  },
  'auth.microsoft': {
    ...begin,
    id: 'auth.microsoft',
    path: '/auth/microsoft',
    summary: 'Sign in with Microsoft: for the browser to go to. It comes back to return_to.',
  },
  'auth.microsoft_callback': {
    ...callback,
    id: 'auth.microsoft_callback',
    path: '/auth/microsoft/callback',
    summary: CALLBACK,
  },
  'auth.token': {
    id: 'auth.token',
    method: 'POST',
    path: '/auth/token',
    area: 'auth',
    summary:
      'Tokens for the one-time code of a callback and the verifier of the code_challenge. A guest who sends his token becomes that user.',
    auth: 'none',
    request: redeemCodeRequest,
    response: { status: 200, schema: tokens },
    errors: ['oauth.code_invalid', 'user.suspended'],
    idempotency: 'none',
  },
  'auth.identities': {
    id: 'auth.identities',
    access: 'server.account',
    method: 'GET',
    path: '/auth/identities',
    area: 'auth',
    summary: 'Your ways to sign in.',
    auth: 'bearer',
    response: { status: 200, schema: z.object({ items: z.array(identity), next_cursor: z.null() }) },
    errors: [],
    idempotency: 'none',
  },
  'auth.link_identity': {
    id: 'auth.link_identity',
    access: 'server.account',
    method: 'POST',
    path: '/auth/identities',
    area: 'auth',
    summary: 'Another way to sign in, for the one-time code of a callback.',
    auth: 'bearer',
    request: redeemCodeRequest,
    response: { status: 201, schema: identity },
    errors: ['oauth.code_invalid', 'identity.in_use', 'identity.exists', 'auth.not_recent', 'user.suspended'],
    idempotency: 'none',
  },
  'auth.unlink_identity': {
    id: 'auth.unlink_identity',
    access: 'server.account',
    method: 'DELETE',
    path: '/auth/identities/{provider}',
    area: 'auth',
    summary: 'One way to sign in less; the last one stays.',
    auth: 'bearer',
    params: identityParams,
    response: { status: 204 },
    errors: ['identity.not_found', 'identity.last', 'auth.not_recent', 'permission.denied'],
    idempotency: 'none',
  },
} as const satisfies RouteTable;
