import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import {
  type ArgumentsHost,
  Catch,
  type DynamicModule,
  type ExceptionFilter,
  type NestApplicationOptions,
  type INestApplicationContext,
  type Type,
  type WebSocketAdapter,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NestLogger } from '../log/nest-logger';
import type { Logger } from '../log/logger';
import { startMetricsServer } from '../metrics';
import type { Service } from '../service/service';
import { installHealthRoutes } from './health-routes';
import { trustedAddresses } from './client-address';
import { Connections } from './connections';
import type { HttpServer } from './create-server';
import { HttpAdapter } from './http-adapter';
import { sendError } from './send-error';
import { followCertificate } from './tls/follow-certificate';
import { checkPair, hasTls, readPair } from './tls/tls-pair';

export interface HttpParts {
  /** The Nest module with the doors. */
  readonly module: Type | DynamicModule;
  /**
   * What stands beside Nest: hooks that come before its guards (limits), pages, forwarded routes, a listener for
   * `server.server.on('upgrade', …)`. Called before Nest's routes are made.
   */
  readonly configure?: (server: FastifyInstance) => void | Promise<void>;
  /** For services with WebSocket doors. */
  readonly webSockets?: (app: INestApplicationContext) => WebSocketAdapter;
}

export interface HttpService {
  /** `http://host:port`. */
  readonly url: string;
  readonly port: number;
  readonly metricsPort: number;
  readonly server: FastifyInstance;
}

@Catch()
class EnvelopeFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendError(this.log, error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

/**
 * Opens the service's HTTP door: CBOR and JSON, the error envelope, request id and trace, access log, limits, health,
 * and /metrics on its own port. Ends with `service.close()`. Rejects with PortBusyError when a port is taken.
 */
export async function startHttpService(service: Service, parts: HttpParts): Promise<HttpService> {
  const { config, log } = service;
  const pair = hasTls(config) ? checkPair(readPair(config)) : undefined;
  const adapter = new HttpAdapter(service, pair);
  const server = adapter.getInstance<FastifyInstance>();
  const connections = watchConnections(service, server.server);
  if (pair) followCertificate(service, server.server as unknown as TlsServer, pair);
  installHealthRoutes(server, service.health);
  await parts.configure?.(server);
  const options: Pick<NestApplicationOptions, 'logger' | 'bodyParser' | 'abortOnError'> = {
    logger: new NestLogger(log),
    bodyParser: false,
    abortOnError: false,
  };
  const app = await NestFactory.create<NestFastifyApplication>(parts.module, adapter, options);
  app.useGlobalFilters(new EnvelopeFilter(log));
  if (parts.webSockets) app.useWebSocketAdapter(parts.webSockets(app));
  service.onStopAccepting('http', async () => {
    // Takes no more connections and ends idle ones; answers in flight go out.
    const closed = new Promise<void>((resolve) => server.server.close(() => resolve()));
    connections.end();
    await closed;
  });
  service.onClose('http', async () => {
    connections.destroy();
    await app.close();
  });
  await app.init();
  const metrics = await busyPort(config.HOST, config.METRICS_PORT, () =>
    startMetricsServer(service.metrics, { host: config.HOST, port: config.METRICS_PORT }),
  );
  service.onClose('metrics', () => metrics.close());
  await busyPort(config.HOST, config.PORT, () => app.listen(config.PORT, config.HOST));
  const { port } = server.server.address() as AddressInfo;
  service.health.started();
  const scheme = pair ? 'https' : 'http';
  const url = `${scheme}://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`;
  log.info('service.listening', { url, metrics_port: metrics.port });
  return { url, port, metricsPort: metrics.port, server };
}

function watchConnections({ config, environment, metrics }: Service, server: HttpServer): Connections {
  const refused = metrics.counter({
    name: 'http_connections_refused_total',
    help: 'Connections that were closed at once because their address has its share.',
  });
  const limits = {
    perAddress: config.CONNECTIONS_PER_ADDRESS,
    isExempt: trustedAddresses(config.TRUSTED_PROXIES),
    onRefused: () => refused.inc(),
  };
  return new Connections(server, limits, {
    timers: environment.timers,
    firstMs: config.HEADERS_TIMEOUT_MS,
    receiveMs: config.RECEIVE_TIMEOUT_MS,
  });
}

/** Somebody else listens there. */
export class PortBusyError extends Error {
  constructor(host: string, port: number, options: ErrorOptions) {
    super(`port ${port} on ${host} is in use by another program`, options);
    this.name = 'PortBusyError';
  }
}

async function busyPort<T>(host: string, port: number, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    throw code === 'EADDRINUSE' ? new PortBusyError(host, port, { cause: error }) : error;
  }
}
