import { type CanActivate, type ExecutionContext, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { callerOf } from '@state-server/identity';
import type { RestReply, RestRequest } from '@state-server/platform';
import { fail } from '@state-server/protocol';
import type { RateLimits } from './rate-limits';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Limits what one user may ask, behind the guard that knows who he is. Throws `rate.limited`. */
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
  const { user_id } = callerOf(request);
  const spent = limits.spend(READS.has(request.method) ? 'read' : 'write', user_id);
  for (const [name, value] of Object.entries(spent.headers)) reply.header(name, value);
  if (!spent.allowed) throw fail('rate.limited', undefined, undefined, { retryAfterMs: spent.resetMs });
}

/** For the providers of an app's module, behind the guard of tokens: guards run in the order of their providers. */
export function rateGuard(limits: RateLimits): Provider {
  return { provide: APP_GUARD, useValue: new RateGuard(limits) };
}
