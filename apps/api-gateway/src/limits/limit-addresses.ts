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
  server.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith(FREE)) {
      done();
      return;
    }
    const address = addressKey(request.ip);
    for (const routeClass of isForAuth(request.url) ? BOTH : ADDRESS) {
      const spent = limits.spend(routeClass, address);
      if (routeClass === 'auth' || !spent.allowed) reply.headers(spent.headers);
      if (!spent.allowed) {
        done(fail('rate.limited', undefined, undefined, { retryAfterMs: spent.resetMs }));
        return;
      }
    }
    done();
  });
}

const ADDRESS: readonly RouteClass[] = ['address'];
const BOTH: readonly RouteClass[] = ['address', 'auth'];

function isForAuth(url: string): boolean {
  if (!url.startsWith('/auth')) return false;
  const path = url.split('?', 1)[0] ?? '';
  return path === '/auth' || path.startsWith('/auth/');
}
