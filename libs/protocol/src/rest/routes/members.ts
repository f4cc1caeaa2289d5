import { pageOf, pageQuery } from '../page';
import { braneParams, memberParams, putMemberRequest } from '../requests';
import { member } from '../resources';
import type { RouteTable } from '../route';
import { COMMIT_ERRORS } from './brane-edits';

export const memberRoutes = {
  'members.list': {
    id: 'members.list',
    access: 'brane.view',
    method: 'GET',
    path: '/brane/{id}/members',
    area: 'brane',
    summary: 'Who may do what in a brane.',
    auth: 'bearer',
    params: braneParams,
    query: pageQuery,
    response: { status: 200, schema: pageOf(member) },
    errors: ['brane.not_found', 'brane.deleted', 'cursor.invalid'],
    idempotency: 'none',
  },
  'members.get': {
    id: 'members.get',
    access: 'brane.view',
    method: 'GET',
    path: '/brane/{id}/members/{user_id}',
    area: 'brane',
    summary: 'One member.',
    auth: 'bearer',
    params: memberParams,
    response: { status: 200, schema: member },
    errors: ['brane.not_found', 'brane.deleted', 'member.unknown'],
    idempotency: 'none',
  },
  'members.put': {
    id: 'members.put',
    access: 'brane.manage_members',
    method: 'PUT',
    path: '/brane/{id}/members/{user_id}',
    area: 'brane',
    summary: 'Make somebody a member, or change the role. Owners only.',
    auth: 'bearer',
    params: memberParams,
    request: putMemberRequest,
    response: { status: 200, schema: member },
    errors: [...COMMIT_ERRORS, 'user.not_found', 'member.last_owner', 'member.company_owned'],
    idempotency: 'honoured',
  },
  'members.delete': {
    id: 'members.delete',
    access: 'brane.leave',
    method: 'DELETE',
    path: '/brane/{id}/members/{user_id}',
    area: 'brane',
    summary: 'Put a member out, or leave. Owners only, except for oneself.',
    auth: 'bearer',
    params: memberParams,
    response: { status: 204 },
    errors: [...COMMIT_ERRORS, 'member.unknown', 'member.last_owner'],
    idempotency: 'honoured',
  },
} as const satisfies RouteTable;
