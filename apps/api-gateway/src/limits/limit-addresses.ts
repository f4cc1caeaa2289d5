import type { FastifyInstance } from 'fastify';
import { fail } from '@state-server/protocol';
import { type RateLimits, type RouteClass, addressKey } from './rate-limits';

/** Health must be answered when everything else is refused. */
const FREE = '/health/';

/**
 * Limits what one address may ask, before anything is read of a request; what goes to auth has a smaller bucket of its
 * own. Throws `rate.limited`.
 */
export function limitAddresses(server: FastifyInstance, limits: RateLimits): void {
  server.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith(FREE)) return;
    const address = addressKey(request.ip);
    const path = request.url.split('?', 1)[0] ?? '';
    const classes: readonly RouteClass[] =
      path === '/auth' || path.startsWith('/auth/') ? ['address', 'auth'] : ['address'];
    for (const routeClass of classes) {
      const spent = await limits.spend(routeClass, address);
      if (routeClass === 'auth' || !spent.allowed) reply.headers(spent.headers);
      if (!spent.allowed) throw fail('rate.limited', undefined, undefined, { retryAfterMs: spent.resetMs });
    }
  });
}
