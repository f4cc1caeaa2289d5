import type { FastifyInstance } from 'fastify';
import { PROTOCOL_VERSION } from '@state-server/protocol';
import { PAGE_HEADERS } from '../docs/html';
import { type Home, homePage } from './home-page';
import type { NeighbourState } from './what-runs';

export interface HomeParts {
  readonly whatRuns: () => Promise<readonly NeighbourState[]>;
  readonly sockets: () => number;
}

const LINKS = {
  docs: '/docs',
  websocket_docs: '/docs/websocket',
  openapi: '/docs/openapi.json',
  asyncapi: '/docs/asyncapi.json',
  health: '/health/ready',
  websocket: '/ws',
} as const;

/** GET /: a page for a browser, a map for a program. */
export function registerHome(server: FastifyInstance, parts: HomeParts): void {
  server.get('/', async (request, reply) => {
    const services = [{ name: 'api-gateway', status: 'ok' as const }, ...(await parts.whatRuns())];
    const home: Home = {
      name: 'state-server',
      protocol: PROTOCOL_VERSION,
      services,
      sockets: parts.sockets(),
      links: LINKS,
    };
    if (!wantsPage(request.headers.accept)) return reply.send(home);
    const origin = `${request.protocol}://${request.host}`;
    return reply
      .headers(PAGE_HEADERS)
      .header('vary', 'accept')
      .type('text/html; charset=utf-8')
      .send(homePage(home, origin));
  });
}

/** Browsers name text/html; nobody else does. */
function wantsPage(accept: string | undefined): boolean {
  return accept?.toLowerCase().includes('text/html') === true;
}
