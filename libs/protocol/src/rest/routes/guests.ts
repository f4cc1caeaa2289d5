import * as z from 'zod/mini';
import {
  guestSignInRequest,
  liftParams,
  linkParams,
  moderationRequest,
  newLinkRequest,
  updateLinkRequest,
} from '../guest-requests';
import { guestTokens, link, newLink, person, restriction } from '../guest-resources';
import { braneParams } from '../requests';
import type { RouteTable } from '../route';
import { COMMIT_ERRORS } from './brane-edits';

const SEE = ['brane.not_found', 'brane.deleted', 'permission.denied'] as const;
const inBrane = { area: 'brane', auth: 'bearer', params: braneParams, idempotency: 'none' } as const;
const ofLink = { ...inBrane, path: '/brane/{id}/links/{link_id}', params: linkParams } as const;

/** Share links, guests, moderation, and who is there. */
export const guestRoutes = {
  'auth.guest': {
    id: 'auth.guest',
    method: 'POST',
    path: '/auth/guest',
    area: 'auth',
    summary:
      'Come into a brane without an account, under a name: by a share link, or by its id where whoever knows that may see it. The tokens are good in that brane alone.',
    auth: 'none',
    request: guestSignInRequest,
    response: { status: 200, schema: guestTokens },
    errors: [
      ...COMMIT_ERRORS,
      'link.not_found',
      'link.expired',
      'brane.banned',
      'brane.too_many_members',
      'field.invalid',
    ],
    idempotency: 'none',
  },
  'links.list': {
    ...inBrane,
    id: 'links.list',
    access: 'brane.moderate',
    method: 'GET',
    path: '/brane/{id}/links',
    summary: 'The share links of a brane that work or did. Owners and moderators.',
    response: { status: 200, schema: z.object({ items: z.array(link) }) },
    errors: SEE,
  },
  'links.create': {
    ...inBrane,
    id: 'links.create',
    access: 'brane.manage_members',
    method: 'POST',
    path: '/brane/{id}/links',
    summary: 'Make a share link. Its token is told once. Owners only.',
    request: newLinkRequest,
    response: { status: 200, schema: newLink },
    idempotency: 'honoured',
    errors: [...SEE, 'link.too_many', 'field.invalid'],
  },
  'links.update': {
    ...ofLink,
    id: 'links.update',
    access: 'brane.manage_members',
    method: 'PATCH',
    summary: 'Change what a link gives to those who come by it from now on. Owners only.',
    request: updateLinkRequest,
    response: { status: 200, schema: link },
    idempotency: 'honoured',
    errors: [...SEE, 'link.not_found', 'field.invalid'],
  },
  'links.revoke': {
    ...ofLink,
    id: 'links.revoke',
    access: 'brane.moderate',
    method: 'DELETE',
    summary: 'Revoke a link: whoever came by it is out within 2 s. Owners and moderators.',
    response: { status: 204 },
    idempotency: 'honoured',
    errors: [...SEE, 'link.not_found'],
  },
  'moderation.act': {
    ...inBrane,
    id: 'moderation.act',
    access: 'brane.moderate',
    method: 'POST',
    path: '/brane/{id}/moderation',
    summary:
      'Kick (out now, may come back), ban (does not even see it) or mute (may only look) somebody, within 2 s. Owners, on all but owners; moderators, on all but owners and moderators.',
    request: moderationRequest,
    response: { status: 204 },
    errors: [...COMMIT_ERRORS, 'user.not_found', 'field.invalid', 'field.too_large'],
    idempotency: 'honoured',
  },
  'moderation.list': {
    ...inBrane,
    id: 'moderation.list',
    access: 'brane.moderate',
    method: 'GET',
    path: '/brane/{id}/moderation',
    summary: 'Who is banned and muted, and why. Owners and moderators.',
    response: { status: 200, schema: z.object({ items: z.array(restriction) }) },
    errors: SEE,
  },
  'moderation.lift': {
    ...inBrane,
    id: 'moderation.lift',
    access: 'brane.moderate',
    method: 'DELETE',
    path: '/brane/{id}/moderation/{kind}/{user_id}',
    summary: 'Lift a ban or a mute. Owners and moderators, as for setting it.',
    params: liftParams,
    response: { status: 204 },
    errors: [...COMMIT_ERRORS, 'moderation.not_found'],
    idempotency: 'honoured',
  },
  'people.list': {
    ...inBrane,
    id: 'people.list',
    access: 'brane.view',
    method: 'GET',
    path: '/brane/{id}/people',
    summary: 'Who is in a brane now, by whatever gateway; a few seconds old at most.',
    response: { status: 200, schema: z.object({ items: z.array(person) }) },
    errors: SEE,
  },
} as const satisfies RouteTable;
