import { auditEntry, auditQuery, ownAuditQuery } from '../audit';
import { pageOf } from '../page';
import { braneParams, userParams } from '../requests';
import type { RouteTable } from '../route';

const page = { status: 200, schema: pageOf(auditEntry) } as const;

export const auditRoutes = {
  'admin.audit': {
    id: 'admin.audit',
    access: 'server.administer',
    limit: 'search',
    method: 'GET',
    path: '/admin/audit',
    area: 'admin',
    summary:
      'Who did what to whom, from where: the newest first. A page may have fewer entries than asked for, and others follow. Administrators only.',
    auth: 'bearer',
    query: auditQuery,
    response: page,
    errors: ['permission.denied', 'cursor.invalid'],
    idempotency: 'none',
  },
  'brane.audit': {
    id: 'brane.audit',
    access: 'brane.manage_members',
    method: 'GET',
    path: '/brane/{id}/audit',
    area: 'brane',
    summary: 'Who changed roles and visibility of a brane, and who moderated: the newest first. Owners only.',
    auth: 'bearer',
    params: braneParams,
    query: ownAuditQuery,
    response: page,
    errors: ['brane.not_found', 'permission.denied', 'cursor.invalid'],
    idempotency: 'none',
  },
  'users.audit': {
    id: 'users.audit',
    access: 'user.view_private',
    method: 'GET',
    path: '/users/{id}/audit',
    area: 'users',
    summary:
      'What concerns your security: your sign-ins, and what others did to your account and your roles. Only of yourself.',
    auth: 'bearer',
    params: userParams,
    query: ownAuditQuery,
    response: page,
    errors: ['permission.denied', 'user.not_found', 'cursor.invalid'],
    idempotency: 'none',
  },
} as const satisfies RouteTable;
