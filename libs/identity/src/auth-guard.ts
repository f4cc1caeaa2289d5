import { type CanActivate, type ExecutionContext, type Provider, SetMetadata } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { addressOf, headerOf, type RestRequest, routeOf } from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { bearerToken } from './authenticate';
import type { Identity } from './identity';
import { assertPermitted } from './permitted';
import type { TokenVerifier } from './token-verifier';

const OPEN = Symbol('OPEN');

/** A door beside the route table that needs no access token. */
export const OpenDoor = (): MethodDecorator & ClassDecorator => SetMetadata(OPEN, true);

/**
 * Asks for an access token where the route table says `bearer`, and at every door that is not in the table and not
 * marked open: a new route is closed until somebody decides otherwise (ID8). Then it holds kind and scopes of the caller
 * against what the route is for.
 */
export class AuthGuard implements CanActivate {
  constructor(private readonly verifier: TokenVerifier) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RestRequest>();
    if (isOpen(context, request)) return true;
    const identity = await this.verifier.verify(bearerToken(headerOf(request, 'authorization')), {
      address: addressOf(request),
    });
    assertPermitted(identity, routeOf(request));
    Object.assign(request, { identity });
    return true;
  }
}

/** For the providers of an app's module: every door of it is guarded. */
export function authGuard(verifier: TokenVerifier): Provider {
  return { provide: APP_GUARD, useValue: new AuthGuard(verifier) };
}

/** Who sent the request, behind the guard. Throws `auth.required` where no guard let it in. */
export function callerOf(request: RestRequest): Identity {
  const { identity } = request as RestRequest & { readonly identity?: Identity };
  if (!identity) throw fail('auth.required');
  return identity;
}

function isOpen(context: ExecutionContext, request: RestRequest): boolean {
  const route = routeOf(request);
  if (route) return route.auth !== 'bearer';
  return [context.getHandler(), context.getClass()].some(
    (target) => Reflect.getMetadata(OPEN, target) === true,
  );
}
