import type { ErrorCode } from '../../errors/error-table';
import { braneParams, editRequest, forkRequest, restoreRequest, undoRequest } from '../requests';
import { committed, operation } from '../resources';
import type { RouteTable } from '../route';

/** Bytes: JSON takes more room than the 64 KiB that an edit may have in CBOR. */
const EDIT_BODY_BYTES = 256 * 1024;

/** What any write to a brane's log may answer. */
export const COMMIT_ERRORS = [
  'brane.not_found',
  'brane.deleted',
  'brane.archived',
  'brane.frozen',
  'permission.denied',
  'op_id.reused',
  'edit.too_old',
  'commit.conflict',
  'commit.outcome_unknown',
] as const satisfies readonly ErrorCode[];

/** What the rules may answer to an op. */
export const OP_ERRORS = [
  'object.not_found',
  'object.exists',
  'object.not_a_group',
  'object.is_root',
  'object.cycle',
  'object.too_deep',
  'object.too_many_children',
  'object.version_mismatch',
  'brane.too_many_objects',
  'object.locked',
  'object.pinned',
  'field.not_settable',
  'field.overlap',
  'field.invalid',
  'field.too_large',
  'transform.not_finite',
  'order.invalid',
  'op.invalid',
  'op.unsupported',
  'edit.empty',
  'edit.too_many_ops',
  'edit.too_large',
  'id.taken',
  'prototype.not_found',
  'prototype.version_not_found',
  'prototype.unpublished',
  'prototype.deleted',
  'prototype.deprecated',
  'prototype.not_an_instance',
  'property.invalid',
  'property.required',
  'property.unknown',
  'upgrade.nothing',
] as const satisfies readonly ErrorCode[];

const UNDO_ERRORS = [
  ...COMMIT_ERRORS,
  'undo.superseded',
  'undo.nothing',
  'undo.not_found',
  'undo.already_done',
  'undo.too_old',
] as const;

const post = { method: 'POST', area: 'brane', auth: 'bearer', params: braneParams } as const;

export const braneEditRoutes = {
  'brane.edit': {
    ...post,
    id: 'brane.edit',
    access: 'brane.edit',
    path: '/brane/{id}/edit',
    summary: 'An edit: all of its ops or none. The same as the frame brane.edit.',
    request: editRequest,
    response: { status: 200, schema: committed },
    errors: [...COMMIT_ERRORS, ...OP_ERRORS],
    idempotency: 'honoured',
    bodyBytes: EDIT_BODY_BYTES,
  },
  'brane.undo': {
    ...post,
    id: 'brane.undo',
    access: 'brane.undo',
    path: '/brane/{id}/undo',
    summary: 'Take back an edit of your own, as far as nobody has changed the same since.',
    request: undoRequest,
    response: { status: 200, schema: committed },
    errors: UNDO_ERRORS,
    idempotency: 'honoured',
  },
  'brane.redo': {
    ...post,
    id: 'brane.redo',
    access: 'brane.undo',
    path: '/brane/{id}/redo',
    summary: 'Do again what you took back.',
    request: undoRequest,
    response: { status: 200, schema: committed },
    errors: UNDO_ERRORS,
    idempotency: 'honoured',
  },
  'brane.restore': {
    ...post,
    id: 'brane.restore',
    access: 'brane.edit',
    limit: 'heavy',
    path: '/brane/{id}/restore',
    summary:
      'Bring the objects of a brane, or of a subtree, back to what they were, as new entries of the log. One edit where it fits, which can be undone; else 202 and an operation, which is not atomic. Editors and owners.',
    request: restoreRequest,
    response: { status: 200, schema: committed },
    accepted: operation,
    errors: [...COMMIT_ERRORS, ...OP_ERRORS, 'history.too_old', 'history.ahead'],
    idempotency: 'honoured',
  },
  'brane.fork': {
    ...post,
    id: 'brane.fork',
    access: ['brane.view', 'server.create_brane'],
    limit: 'heavy',
    path: '/brane/{id}/fork',
    summary:
      'Make a brane of your own that is a copy of this one as it is or was. Whoever sees it may. It is there at once, named by the operation, and takes edits once that has succeeded.',
    request: forkRequest,
    response: { status: 202, schema: operation },
    errors: [
      ...COMMIT_ERRORS,
      'id.taken',
      'field.invalid',
      'field.too_large',
      'history.too_old',
      'history.ahead',
    ],
    idempotency: 'honoured',
  },
} as const satisfies RouteTable;
