import { sceneObject } from '../../schema/objects';
import { pageOf, pageQuery } from '../page';
import {
  actionParams,
  createObjectRequest,
  invokeActionRequest,
  moveObjectRequest,
  objectParams,
  updateObjectRequest,
  upgradeObjectRequest,
} from '../requests';
import { brane, committed } from '../resources';
import { upgradedObject } from '../prototype-requests';
import type { RouteTable } from '../route';
import { COMMIT_ERRORS, OP_ERRORS } from './brane-edits';

const OBJECT_BODY_BYTES = 256 * 1024;

const write = { area: 'object', auth: 'bearer', idempotency: 'required' } as const;
const NOT_YET = ['object.not_found', 'brane.deleted', 'permission.denied', 'op.unsupported'] as const;

export const objectRoutes = {
  'object.create': {
    ...write,
    id: 'object.create',
    method: 'POST',
    path: '/object',
    summary: 'Make a group or a block. An Idempotency-Key that is a UUID is the op id.',
    request: createObjectRequest,
    response: { status: 201, schema: sceneObject },
    errors: [...COMMIT_ERRORS, ...OP_ERRORS],
    etag: 'sent',
    bodyBytes: OBJECT_BODY_BYTES,
  },
  'object.get': {
    id: 'object.get',
    method: 'GET',
    path: '/object/{id}',
    area: 'object',
    summary: 'An object.',
    auth: 'bearer',
    params: objectParams,
    response: { status: 200, schema: sceneObject },
    errors: ['object.not_found', 'brane.deleted'],
    idempotency: 'none',
    etag: 'sent',
  },
  'object.update': {
    ...write,
    id: 'object.update',
    method: 'PATCH',
    path: '/object/{id}',
    summary: 'Set and unset fields by JSON Pointer, and the transform: one edit.',
    params: objectParams,
    request: updateObjectRequest,
    response: { status: 200, schema: sceneObject },
    errors: [...COMMIT_ERRORS, ...OP_ERRORS],
    etag: 'honoured',
    bodyBytes: OBJECT_BODY_BYTES,
  },
  'object.delete': {
    ...write,
    id: 'object.delete',
    method: 'DELETE',
    path: '/object/{id}',
    summary: 'Delete an object with all that it holds.',
    params: objectParams,
    response: { status: 204 },
    errors: [
      ...COMMIT_ERRORS,
      'object.not_found',
      'object.is_root',
      'object.locked',
      'object.version_mismatch',
    ],
    etag: 'honoured',
  },
  'object.children': {
    id: 'object.children',
    method: 'GET',
    path: '/object/{id}/children',
    area: 'object',
    summary: 'What a group holds, in sibling order.',
    auth: 'bearer',
    params: objectParams,
    query: pageQuery,
    response: { status: 200, schema: pageOf(sceneObject) },
    errors: ['object.not_found', 'brane.deleted', 'cursor.invalid'],
    idempotency: 'none',
  },
  'object.move': {
    ...write,
    id: 'object.move',
    method: 'POST',
    path: '/object/{id}/move',
    summary:
      'Move an object to another parent or place; with brane_id into another brane, where you must be an editor as well.',
    params: objectParams,
    request: moveObjectRequest,
    response: { status: 200, schema: sceneObject },
    errors: [...COMMIT_ERRORS, ...OP_ERRORS, 'object.too_many_to_move'],
    etag: 'honoured',
  },
  'object.upgrade': {
    ...write,
    id: 'object.upgrade',
    method: 'POST',
    path: '/object/{id}/upgrade',
    summary: 'Move an instance, or all below an object, to a newer version of its prototype: one edit.',
    params: objectParams,
    request: upgradeObjectRequest,
    response: { status: 200, schema: upgradedObject },
    errors: [...COMMIT_ERRORS, ...OP_ERRORS],
    etag: 'honoured',
  },
  'object.promote': {
    ...write,
    id: 'object.promote',
    method: 'POST',
    path: '/object/{id}/promote',
    summary:
      'Make a group of at most 400 objects a brane of its own, under its id; a link takes its place. You are its owner, and the members of the old brane are its members. Cannot be undone.',
    params: objectParams,
    response: { status: 200, schema: brane },
    errors: [...COMMIT_ERRORS, ...OP_ERRORS, 'object.too_many_to_move'],
    etag: 'sent',
  },
  'object.demote': {
    ...write,
    id: 'object.demote',
    method: 'POST',
    path: '/object/{id}/demote',
    summary: 'Make a brane a group again. Not available yet: answers op.unsupported.',
    params: objectParams,
    response: { status: 200, schema: sceneObject },
    errors: NOT_YET,
  },
  'object.action': {
    ...write,
    id: 'object.action',
    method: 'POST',
    path: '/object/{id}/actions/{action}',
    summary: 'Call a handler of the object. Not available yet: answers op.unsupported.',
    params: actionParams,
    request: invokeActionRequest,
    response: { status: 200, schema: committed },
    errors: NOT_YET,
  },
} as const satisfies RouteTable;
