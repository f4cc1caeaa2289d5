import type { CanActivate, ExecutionContext, Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { withReadErrors } from '@state-server/commit';
import { asObjectId, type BraneId, isUuid } from '@state-server/domain';
import { callerOf, type Identity } from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import { type RestRequest, routeOf } from '@state-server/platform';
import { fail, type RouteId } from '@state-server/protocol';

/** What a request of a guest names, and so whether it is about his brane. */
type Place =
  /** The brane in the path. */
  | 'brane'
  /** The object in the path. */
  | 'object'
  /** The brane in the query. */
  | 'query'
  /** Himself. */
  | 'self'
  /** Nothing that could be elsewhere, or only what takes a membership there, which a guest never has. */
  | 'none';

/**
 * Where a guest may ask. A route that does not stand here is closed to him: a new one is, until somebody decides otherwise. What he may do there is
 * his role's, and that of the table of rights.
 */
const OPEN: Partial<Readonly<Record<RouteId, Place>>> = {
  'auth.logout': 'none',
  'auth.session': 'none',
  'users.me': 'none',
  'users.get': 'self',
  'brane.get': 'brane',
  'brane.snapshot': 'brane',
  'brane.history': 'brane',
  'brane.edit': 'brane',
  'brane.undo': 'brane',
  'brane.redo': 'brane',
  'brane.restore': 'brane',
  'members.list': 'brane',
  'members.get': 'brane',
  'members.delete': 'brane',
  'people.list': 'brane',
  'operations.list': 'brane',
  'operations.get': 'brane',
  'object.create': 'none',
  'object.get': 'object',
  'object.update': 'object',
  'object.delete': 'object',
  'object.children': 'object',
  'object.move': 'object',
  'object.gallery': 'object',
  'object.put_gallery': 'object',
  'object.remove_gallery': 'object',
  'object.upgrade': 'object',
  'entity.get': 'object',
  'entity.space': 'query',
  'prototype.get': 'none',
  'prototype.versions': 'none',
  'prototype.version': 'none',
  'prototype.instantiate': 'none',
  'websocket.ticket': 'none',
  'websocket.sessions': 'none',
};

/** Keeps guests to the brane that they were let into (GUEST-5): whatever is elsewhere is as if it never was. */
export async function assertInPlace(
  store: Store,
  identity: Pick<Identity, 'guest' | 'user_id'>,
  request: RestRequest,
): Promise<void> {
  const { guest } = identity;
  if (!guest) return;
  const route = routeOf(request);
  const place = route && OPEN[route.id as RouteId];
  if (place === undefined)
    throw fail('permission.denied', undefined, 'This takes an account: sign in with one.');
  const params = request.params as { readonly id?: unknown };
  switch (place) {
    case 'brane':
      assertBrane(guest.brane_id, params.id);
      return;
    case 'query':
      assertBrane(guest.brane_id, (request.query as { readonly brane_id?: unknown }).brane_id);
      return;
    case 'object':
      return assertObject(store, guest.brane_id, params.id);
    case 'self':
      if (params.id !== 'me' && params.id !== identity.user_id)
        throw fail('user.not_found', { id: params.id });
      return;
    case 'none':
      return;
    default:
      place satisfies never;
  }
}

function assertBrane(own: BraneId, id: unknown): void {
  if (id !== own) throw fail('brane.not_found', { id });
}

async function assertObject(store: Store, own: BraneId, id: unknown): Promise<void> {
  if (id === own) return;
  const found =
    typeof id === 'string' && isUuid(id)
      ? await withReadErrors(
          store.read({ label: 'guest.place' }, (tx) => tx.get('object_ids', [asObjectId(id)])),
        )
      : undefined;
  if (found?.brane_id !== own) throw fail('object.not_found', { id });
}

class GuestGuard implements CanActivate {
  constructor(private readonly store: Store) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RestRequest>();
    if (routeOf(request)?.auth === 'bearer') await assertInPlace(this.store, callerOf(request), request);
    return true;
  }
}

/** For the providers of a module, behind the guard of tokens. */
export function guestGuard(store: Store): Provider {
  return { provide: APP_GUARD, useValue: new GuestGuard(store) };
}
