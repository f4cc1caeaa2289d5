import type { FastifyInstance } from 'fastify';
import type { Health } from '../health/health';

/** GET /health/live, /health/ready, /health/startup: open to everybody, so they say nothing about the inside. */
export function installHealthRoutes(server: FastifyInstance, health: Health): void {
  const probes = {
    live: () => health.live(),
    ready: () => health.ready(),
    startup: () => health.startup(),
  };
  for (const [name, probe] of Object.entries(probes)) {
    server.get(`/health/${name}`, async (_request, reply) => {
      const { ok, body } = await probe();
      return reply.code(ok ? 200 : 503).send(body);
    });
  }
}
