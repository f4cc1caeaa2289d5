import type { ErrorCode } from '../../errors/error-table';
import { sceneObject } from '../../schema/objects';
import { prototype, prototypeVersion, prototypeVersionSummary } from '../../schema/prototypes';
import { pageOf, pageQuery } from '../page';
import {
  createPrototypeRequest,
  instantiateRequest,
  listPrototypesQuery,
  prototypeParams,
  prototypeVersionParams,
  prototypeVersionQuery,
  publishVersionRequest,
  updatePrototypeRequest,
  upgradeInstancesRequest,
} from '../prototype-requests';
import { braneParams } from '../requests';
import { operation } from '../resources';
import type { RouteTable } from '../route';
import { COMMIT_ERRORS, OP_ERRORS } from './brane-edits';

/** Bytes: 500 nodes with 64 KiB of content, as JSON. */
const PUBLISH_BODY_BYTES = 1024 * 1024;
const INSTANTIATE_BODY_BYTES = 256 * 1024;

const base = { area: 'prototype', auth: 'bearer' } as const;
const read = { ...base, method: 'GET', idempotency: 'none' } as const;
const write = { ...base, idempotency: 'required' } as const;

const SEEN = ['prototype.not_found', 'prototype.deleted'] as const satisfies readonly ErrorCode[];
const OWNED = [
  ...SEEN,
  'permission.denied',
  'commit.conflict',
  'commit.outcome_unknown',
] as const satisfies readonly ErrorCode[];
const CONTENT = ['field.invalid', 'field.too_large'] as const satisfies readonly ErrorCode[];

export const prototypeRoutes = {
  'prototype.create': {
    ...write,
    id: 'prototype.create',
    access: 'server.create_prototype',
    method: 'POST',
    path: '/prototype',
    summary: 'Make a prototype of your own; it has no version until one is published.',
    request: createPrototypeRequest,
    response: { status: 201, schema: prototype },
    errors: ['user.not_found', ...CONTENT, 'id.taken', 'commit.conflict', 'commit.outcome_unknown'],
    etag: 'sent',
  },
  'prototype.list': {
    ...read,
    id: 'prototype.list',
    access: 'server.list_prototypes',
    limit: 'search',
    path: '/prototype',
    summary:
      'Your own prototypes; with ?public=true or ?owner= those that everybody may use. ?q= searches for words.',
    query: listPrototypesQuery,
    response: { status: 200, schema: pageOf(prototype) },
    errors: ['cursor.invalid'],
  },
  'prototype.get': {
    ...read,
    id: 'prototype.get',
    access: 'prototype.view',
    path: '/prototype/{id}',
    summary: 'A prototype, as it is whatever the version.',
    params: prototypeParams,
    response: { status: 200, schema: prototype },
    errors: SEEN,
    etag: 'sent',
  },
  'prototype.update': {
    ...write,
    id: 'prototype.update',
    access: 'prototype.change',
    method: 'PATCH',
    path: '/prototype/{id}',
    summary: 'Change name, description, tags and flags of a prototype of your own.',
    params: prototypeParams,
    request: updatePrototypeRequest,
    response: { status: 200, schema: prototype },
    errors: [...OWNED, ...CONTENT],
    etag: 'honoured',
  },
  'prototype.delete': {
    ...write,
    id: 'prototype.delete',
    access: 'prototype.delete',
    method: 'DELETE',
    path: '/prototype/{id}',
    summary: 'Delete a prototype: no new instances. Those that are there live on with their version.',
    params: prototypeParams,
    response: { status: 204 },
    errors: OWNED,
    etag: 'honoured',
  },
  'prototype.publish': {
    ...write,
    id: 'prototype.publish',
    access: 'prototype.publish',
    limit: 'upload',
    method: 'POST',
    path: '/prototype/{id}/versions',
    summary: 'Publish the next version, from nodes, from an object with all that it holds, or from members.',
    params: prototypeParams,
    request: publishVersionRequest,
    response: { status: 201, schema: prototypeVersion },
    errors: [
      ...OWNED,
      ...CONTENT,
      'prototype.invalid',
      'prototype.version_not_found',
      'prototype.unpublished',
      'property.invalid',
      'property.unknown',
      'object.not_found',
      'brane.deleted',
      'order.invalid',
      'transform.not_finite',
    ],
    bodyBytes: PUBLISH_BODY_BYTES,
  },
  'prototype.versions': {
    ...read,
    id: 'prototype.versions',
    access: 'prototype.view',
    path: '/prototype/{id}/versions',
    summary: 'The versions of a prototype without their trees, the newest first.',
    params: prototypeParams,
    query: pageQuery,
    response: { status: 200, schema: pageOf(prototypeVersionSummary) },
    errors: [...SEEN, 'cursor.invalid'],
  },
  'prototype.version': {
    ...read,
    id: 'prototype.version',
    access: 'prototype.view',
    path: '/prototype/{id}/versions/{version}',
    summary:
      'A version with its tree. With ?brane_id= also one that is not yours or deleted, while that brane holds an instance of it.',
    params: prototypeVersionParams,
    query: prototypeVersionQuery,
    response: { status: 200, schema: prototypeVersion },
    errors: [...SEEN, 'prototype.version_not_found'],
  },
  'prototype.instantiate': {
    ...write,
    id: 'prototype.instantiate',
    access: ['brane.edit', 'prototype.use'],
    method: 'POST',
    path: '/prototype/{id}/instances',
    summary: 'Make an instance in a brane: one edit, whatever it holds. Answers its root.',
    params: prototypeParams,
    request: instantiateRequest,
    response: { status: 201, schema: sceneObject },
    errors: [...COMMIT_ERRORS, ...OP_ERRORS],
    etag: 'sent',
    bodyBytes: INSTANTIATE_BODY_BYTES,
  },
  'brane.upgrade': {
    id: 'brane.upgrade',
    access: 'brane.edit',
    limit: 'heavy',
    method: 'POST',
    path: '/brane/{id}/upgrade',
    area: 'brane',
    auth: 'bearer',
    summary: 'Move all instances of a prototype in a brane to a newer version, edit by edit (an operation).',
    params: braneParams,
    request: upgradeInstancesRequest,
    response: { status: 202, schema: operation },
    errors: [...COMMIT_ERRORS, ...SEEN, 'prototype.unpublished', 'prototype.version_not_found'],
    idempotency: 'honoured',
  },
} as const satisfies RouteTable;
