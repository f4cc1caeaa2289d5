import type { Committer } from '@state-server/commit';
import { objectReads } from '@state-server/features-object';
import type { TokenVerifier } from '@state-server/identity';
import type { ReadCache, RevocationDoc, Store } from '@state-server/persistence-port';
import {
  clientAddress,
  createInternalSigner,
  type HttpService,
  internalFields,
  Limiter,
  liveSetting,
  registerPlainReads,
  type Service,
  startHttpService,
} from '@state-server/platform';
import { encodeJson, fail, toEnvelope } from '@state-server/protocol';
import type { FastifyInstance } from 'fastify';
import { AppModule } from './app.module';
import type { ApiGatewayConfig } from './config';
import { registerDocs } from './docs/docs-routes';
import { registerAuthForward } from './forward/auth-forward';

import { GatewayPool } from './forward/gateway-pool';
import { ignoreUpgrade, isOtherUpgrade } from './forward/ignore-upgrade';
import { type PlainAnswer, type SpliceRefusal, WebSocketSplice } from './forward/websocket-splice';
import { registerHome } from './home/home-route';
import { createWhatRuns } from './home/what-runs';
import { allowOrigins } from './http/cors';
import { plainGuards } from './http/plain-guards';
import { limitAddresses } from './limits/limit-addresses';
import { type Quotas, quotasOf, RateLimits } from './limits/rate-limits';
import { SocketsPerAddress } from './limits/sockets-per-address';

export interface GatewayParts {
  readonly store: Store;
  /** Of what was read, for the doors that only read; undefined: switched off. */
  readonly cache?: ReadCache | undefined;
  readonly committer: Committer;
  readonly verifier: TokenVerifier;
  /** Tells those who work operations off that there is a new one. */
  readonly poke?: () => void;
  /** Tells the other services at once that tokens are dead. */
  readonly announce?: (revocation: RevocationDoc) => void;
  /** What one process lets through, told to the others; default: each counts for itself. */
  readonly limiter?: Limiter;
  /** Instead of those of the settings. */
  readonly quotas?: Partial<Quotas>;
}

/** The one origin: pages, forwards and limits beside the doors of every feature. */
export async function openGateway(
  service: Service<ApiGatewayConfig>,
  parts: GatewayParts,
): Promise<HttpService> {
  const { config, environment } = service;
  const { quotas, limiter = new Limiter(environment), ...deps } = parts;
  const limits = new RateLimits({
    limiter,
    quotas: { ...quotasOf(config), ...quotas },
    percent: { guest: config.LIMIT_GUEST_PERCENT, service: config.LIMIT_SERVICE_PERCENT },
  });
  const pool = new GatewayPool(config.SYNC_GATEWAY_URLS, environment.clock);
  const internal = createInternalSigner({
    secrets: liveSetting(service, internalFields, 'INTERNAL_SECRETS'),
    from: 'api-gateway',
    clock: environment.clock,
  });
  const splice = createSplice(service, pool, limits, () => internal('sync-gateway'));
  const neighbours = [
    { name: 'auth', url: config.AUTH_URL },
    ...config.SYNC_GATEWAY_URLS.map((url, index) => ({ name: `sync-gateway ${index + 1}`, url })),
  ];
  const configure = async (server: FastifyInstance): Promise<void> => {
    allowOrigins(server, config.ALLOWED_ORIGINS);
    limitAddresses(server, limits);
    registerPlainReads(server, service, objectReads(deps), plainGuards(deps.verifier, limits, deps.store));
    registerHome(server, {
      whatRuns: createWhatRuns(neighbours, environment.clock),
      sockets: () => splice.live,
    });
    await registerDocs(server);
    await registerAuthForward(server, {
      url: config.AUTH_URL,
      answerMs: config.REQUEST_TIMEOUT_MS,
      internalToken: () => internal('auth'),
    });
    server.server.on('upgrade', (request, socket, rest: Buffer) => {
      if (isOtherUpgrade(request)) ignoreUpgrade(server.server, request, socket, rest);
      else splice.handle(request, socket, rest);
    });
  };
  service.onStopAccepting('splice', () => splice.close());
  return startHttpService(service, {
    module: AppModule.with({ ...deps, environment, serviceKeyMaxDays: config.SERVICE_KEY_MAX_DAYS, limits }),
    configure,
  });
}

function createSplice(
  service: Service<ApiGatewayConfig>,
  pool: GatewayPool,
  limits: RateLimits,
  internalToken: () => string | undefined,
): WebSocketSplice {
  const { config, environment, log, metrics } = service;
  const failures = metrics.counter({
    name: 'splice_gateway_failures_total',
    help: 'Attempts to reach a sync-gateway that failed.',
    labels: ['gateway'],
  });
  metrics.gauge(
    { name: 'splice_connections', help: 'WebSocket connections by gateway.', labels: ['gateway'] },
    (gauge) => {
      for (const { url, connections } of pool.state()) gauge.set({ gateway: url }, connections);
    },
  );
  const refused = metrics.counter({
    name: 'splice_refused_total',
    help: 'WebSocket connections that were refused because their address has its share.',
  });
  const sockets = new SocketsPerAddress(config.SOCKETS_PER_ADDRESS);
  return new WebSocketSplice({
    admit: async (address) => {
      const spent = limits.spendOfAddress(address);
      const leave = spent.allowed ? sockets.enter(address) : undefined;
      if (!leave) refused.inc();
      return leave;
    },
    pool,
    path: '/ws',
    deadlines: { connectMs: config.GATEWAY_CONNECT_MS, answerMs: config.GATEWAY_ANSWER_MS },
    client: clientAddress(config.TRUSTED_PROXIES),
    requestId: () => environment.ids.uuid(),
    internalToken,
    refuse,
    gatewayFailed: (failure) => {
      failures.inc({ gateway: failure.gateway });
      log.warn('splice.gateway_failed', { ...failure });
    },
  });
}

/** The same envelope as everywhere, for an upgrade that does not take place. */
function refuse(why: SpliceRefusal, requestId: string): PlainAnswer {
  const error = {
    not_found: () => fail('request.not_found'),
    bad_request: () => fail('query.invalid', undefined, 'This is no WebSocket upgrade (RFC 6455, 4.1).'),
    too_many: () => fail('rate.limited', undefined, 'Too many connections from this address.'),
    no_gateway: () =>
      fail('dependency.unavailable', undefined, 'No sync-gateway takes connections now: try again.'),
  }[why]();
  return {
    status: error.status,
    headers: error.retryable ? { 'Retry-After': '1' } : {},
    body: encodeJson(toEnvelope(error, requestId)),
  };
}
