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

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<RestRequest>();
    const reply = http.getResponse<RestReply>();
    const { user_id } = callerOf(request);
    const spent = await this.limits.spend(READS.has(request.method) ? 'read' : 'write', user_id);
    for (const [name, value] of Object.entries(spent.headers)) reply.header(name, value);
    if (!spent.allowed) throw fail('rate.limited', undefined, undefined, { retryAfterMs: spent.resetMs });
    return true;
  }
}

/** For the providers of an app's module, behind the guard of tokens: guards run in the order of their providers. */
export function rateGuard(limits: RateLimits): Provider {
  return { provide: APP_GUARD, useValue: new RateGuard(limits) };
}
