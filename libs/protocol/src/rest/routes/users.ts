import { updateUserRequest } from '../requests';
import { user } from '../resources';
import type { RouteTable } from '../route';

export const userRoutes = {
  'users.me': {
    id: 'users.me',
    method: 'GET',
    path: '/users/me',
    area: 'users',
    summary: 'Your own profile.',
    auth: 'bearer',
    response: { status: 200, schema: user },
    errors: [],
    idempotency: 'none',
    etag: 'sent',
  },
  'users.update_me': {
    id: 'users.update_me',
    method: 'PATCH',
    path: '/users/me',
    area: 'users',
    summary: 'Change your name.',
    auth: 'bearer',
    request: updateUserRequest,
    response: { status: 200, schema: user },
    errors: [],
    idempotency: 'required',
    etag: 'honoured',
  },
} as const satisfies RouteTable;
