import { type CanActivate, type ExecutionContext, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { callerOf } from '@state-server/identity';
import { type RestReply, type RestRequest, routeOf } from '@state-server/platform';
import { fail, limitClassOf } from '@state-server/protocol';
import type { CallerKind, RateLimits } from './rate-limits';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Limits what one caller may ask, behind the guard that knows who he is. Throws `rate.limited`. */
export class RateGuard implements CanActivate {
  constructor(private readonly limits: RateLimits) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    limitCaller(this.limits, http.getRequest<RestRequest>(), http.getResponse<RestReply>());
    return true;
  }
}

/** Takes a point of the request's caller, and says in the headers what is left. Throws `rate.limited`. */
export function limitCaller(limits: RateLimits, request: RestRequest, reply: RestReply): void {
  const route = routeOf(request);
  const name = route ? limitClassOf(route) : READS.has(request.method) ? 'read' : 'write';
  if (name === 'none') return;
  const caller: { readonly user_id: string; readonly kind?: CallerKind } = callerOf(request);
  const spent = limits.spendOfCaller({ id: caller.user_id, kind: caller.kind ?? 'user' }, name);
  reply.header('ratelimit-policy', spent.policy).header('ratelimit', spent.left);
  if (!spent.allowed) throw fail('rate.limited', undefined, undefined, { retryAfterMs: spent.retryMs });
}

/** For the providers of an app's module, behind the guard of tokens: guards run in the order of their providers. */
export function rateGuard(limits: RateLimits): Provider {
  return { provide: APP_GUARD, useValue: new RateGuard(limits) };
}
