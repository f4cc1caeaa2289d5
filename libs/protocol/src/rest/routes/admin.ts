import { pageOf, pageQuery } from '../page';
import { adminUserParams, putRolesRequest, suspendUserRequest } from '../requests';
import { adminUser, session } from '../resources';
import type { RouteTable } from '../route';

const ADMIN_ERRORS = ['permission.denied', 'user.not_found'] as const;

export const adminRoutes = {
  'admin.suspend': {
    id: 'admin.suspend',
    access: 'user.administer',
    method: 'POST',
    path: '/admin/users/{id}/suspension',
    area: 'admin',
    summary:
      'Suspend a user: what he is signed in with ends within 2 s, and he cannot sign in. What is his stays. Administrators only.',
    auth: 'bearer',
    params: adminUserParams,
    request: suspendUserRequest,
    response: { status: 200, schema: adminUser },
    errors: [...ADMIN_ERRORS, 'field.invalid', 'commit.conflict', 'commit.outcome_unknown'],
    idempotency: 'honoured',
    etag: 'sent',
  },
  'admin.unsuspend': {
    id: 'admin.unsuspend',
    access: 'user.administer',
    method: 'DELETE',
    path: '/admin/users/{id}/suspension',
    area: 'admin',
    summary: 'Lift a suspension; without one nothing happens. Administrators only.',
    auth: 'bearer',
    params: adminUserParams,
    response: { status: 204 },
    errors: [...ADMIN_ERRORS, 'commit.conflict', 'commit.outcome_unknown'],
    idempotency: 'honoured',
  },
  'admin.sessions': {
    id: 'admin.sessions',
    access: 'user.administer',
    method: 'GET',
    path: '/admin/users/{id}/sessions',
    area: 'admin',
    summary: 'The sessions of a user that are alive; oldest first. Administrators only.',
    auth: 'bearer',
    params: adminUserParams,
    query: pageQuery,
    response: { status: 200, schema: pageOf(session) },
    errors: [...ADMIN_ERRORS, 'cursor.invalid'],
    idempotency: 'none',
  },
  'admin.end_sessions': {
    id: 'admin.end_sessions',
    access: 'user.administer',
    method: 'DELETE',
    path: '/admin/users/{id}/sessions',
    area: 'admin',
    summary:
      'End all that a user is signed in with: what he got before is dead within 2 s. He may sign in again. Administrators only.',
    auth: 'bearer',
    params: adminUserParams,
    response: { status: 204 },
    errors: [...ADMIN_ERRORS, 'commit.conflict', 'commit.outcome_unknown'],
    idempotency: 'none',
  },
  'admin.put_roles': {
    id: 'admin.put_roles',
    access: 'user.administer',
    method: 'PUT',
    path: '/admin/users/{id}/roles',
    area: 'admin',
    summary: 'Give a user the roles that he has from now on. Administrators only.',
    auth: 'bearer',
    params: adminUserParams,
    request: putRolesRequest,
    response: { status: 200, schema: adminUser },
    errors: [...ADMIN_ERRORS, 'commit.conflict', 'commit.outcome_unknown'],
    idempotency: 'honoured',
    etag: 'sent',
  },
} as const satisfies RouteTable;
