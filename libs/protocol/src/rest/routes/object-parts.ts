import { sceneObject } from '../../schema/objects';
import { followedLink, galleryEntry, galleryParams, putGalleryRequest } from '../object-parts';
import { pageOf } from '../page';
import { objectParams } from '../requests';
import type { RouteTable } from '../route';
import { COMMIT_ERRORS } from './brane-edits';

const part = { area: 'object', auth: 'bearer' } as const;
const GALLERY_ERRORS = [
  ...COMMIT_ERRORS,
  'object.not_found',
  'object.version_mismatch',
  'object.locked',
  'field.not_settable',
  'field.too_large',
  'order.invalid',
] as const;

/** What hangs on one object besides its fields. */
export const objectPartRoutes = {
  'object.gallery': {
    ...part,
    id: 'object.gallery',
    access: 'brane.view',
    method: 'GET',
    path: '/object/{id}/gallery',
    summary: 'The prototypes on offer in a group, in order; always one page. A block offers none.',
    params: objectParams,
    response: { status: 200, schema: pageOf(galleryEntry) },
    errors: ['object.not_found', 'brane.deleted'],
    idempotency: 'none',
    etag: 'sent',
  },
  'object.put_gallery': {
    ...part,
    id: 'object.put_gallery',
    access: 'brane.edit',
    method: 'PUT',
    path: '/object/{id}/gallery/{prototype_id}',
    summary: 'Offer a prototype in a group, or give it another place: an update of /gallery/{prototype_id}.',
    params: galleryParams,
    request: putGalleryRequest,
    response: { status: 200, schema: sceneObject },
    errors: GALLERY_ERRORS,
    idempotency: 'required',
    etag: 'honoured',
  },
  'object.remove_gallery': {
    ...part,
    id: 'object.remove_gallery',
    access: 'brane.edit',
    method: 'DELETE',
    path: '/object/{id}/gallery/{prototype_id}',
    summary: 'Offer a prototype no longer; instances of it stay.',
    params: galleryParams,
    response: { status: 204 },
    errors: GALLERY_ERRORS,
    idempotency: 'required',
    etag: 'honoured',
  },
  'object.link': {
    ...part,
    id: 'object.link',
    access: 'brane.view',
    method: 'GET',
    path: '/object/{id}/link',
    summary: 'The brane that a link leads to, as far as you may see it: a link gives no rights (SYNC S7).',
    params: objectParams,
    response: { status: 200, schema: followedLink },
    errors: ['object.not_found', 'brane.deleted', 'object.not_a_link'],
    idempotency: 'none',
  },
} as const satisfies RouteTable;
