import type { IncomingMessage } from 'node:http';
import { fail, type StateError } from '@state-server/protocol';
import type { FastifyInstance } from 'fastify';
import type { ConfigOf } from '../config/define-config';
import type { ServiceConfig } from '../config/common-fields';
import type { Service } from '../service/service';
import { liveSetting } from '../service/watch-secrets';
import { internalDoorFields } from './internal-fields';
import { createInternalCheck, INTERNAL_HEADER } from './internal-token';

/** What only the gateway may say: who the client is, how he came, under which name his request runs. */
const OF_THE_GATEWAY = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
] as const;

export interface InternalDoorOptions {
  /** Our own name, as the gateway says it in its tokens. */
  readonly audience: string;
  /** Paths that anybody in the cluster may ask for, beside those of health. */
  readonly open?: readonly string[];
}

export interface InternalDoor {
  /** To be called before any route is made: looks at every request and upgrade before anybody else does. */
  readonly install: (server: FastifyInstance) => void;
  /** Why an upgrade does not take place; undefined: it may. */
  readonly whyNot: (request: IncomingMessage) => StateError | undefined;
}

type DoorConfig = ServiceConfig & ConfigOf<typeof internalDoorFields>;

/**
 * Tells calls of the gateway from all others: without its token, what only it may say is taken off the request before anything
 * reads it, and where REQUIRE_INTERNAL holds the request is refused. Without INTERNAL_SECRETS (development) nothing is done.
 */
export function createInternalDoor(service: Service<DoorConfig>, options: InternalDoorOptions): InternalDoor {
  const { config, environment, metrics } = service;
  const secrets = liveSetting(service, internalDoorFields, 'INTERNAL_SECRETS');
  const check = createInternalCheck({ secrets, audience: options.audience, clock: environment.clock });
  const isStrict =
    config.REQUIRE_INTERNAL === 'true' ||
    (config.REQUIRE_INTERNAL === 'auto' && config.NODE_ENV === 'production');
  const ours = new WeakSet<object>();
  const refused = metrics.counter({
    name: 'internal_refused_total',
    help: 'Calls that were refused because they did not come through the gateway.',
  });
  const look = (request: IncomingMessage): void => {
    if (secrets().length === 0) return;
    const { headers } = request;
    const token = headers[INTERNAL_HEADER];
    if (check(typeof token === 'string' ? token : undefined)) ours.add(request);
    else for (const name of OF_THE_GATEWAY) Reflect.deleteProperty(headers, name);
    // Nobody behind needs it, and what is not there is in no log.
    Reflect.deleteProperty(headers, INTERNAL_HEADER);
  };
  const whyNot = (request: IncomingMessage): StateError | undefined => {
    if (!isStrict || ours.has(request)) return undefined;
    refused.inc();
    return fail('auth.internal_only');
  };
  const isOpen = (url: string): boolean => {
    const path = url.split('?', 1)[0] ?? '';
    return path.startsWith('/health/') || (options.open ?? []).includes(path);
  };
  return {
    install: (server) => {
      server.server.prependListener('request', look);
      server.server.prependListener('upgrade', look);
      server.addHook('onRequest', (request, _reply, done) => {
        done(isOpen(request.url) ? undefined : whyNot(request.raw));
      });
    },
    whyNot,
  };
}
