import type { FastifyInstance } from 'fastify';
import { fail } from '@state-server/protocol';
import type { RateLimits } from './rate-limits';

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
    const forAuth = isForAuth(request.url);
    const all = limits.spendOfAddress(request.ip);
    const spent = all.allowed && forAuth ? limits.spendOfAuth(request.ip) : all;
    if (forAuth || !spent.allowed) {
      reply.header('ratelimit-policy', spent.policy).header('ratelimit', spent.left);
    }
    if (spent.allowed) done();
    else done(fail('rate.limited', undefined, undefined, { retryAfterMs: spent.retryMs }));
  });
}

function isForAuth(url: string): boolean {
  if (!url.startsWith('/auth')) return false;
  const path = url.split('?', 1)[0] ?? '';
  return path === '/auth' || path.startsWith('/auth/');
}
