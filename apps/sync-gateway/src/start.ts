import { openBus, openCommitter, openStore, openVerifier } from '@state-server/composition';
import { createAuthenticate } from '@state-server/identity';
import { clientAddress, type HttpService, type Service, startHttpService } from '@state-server/platform';
import { createGateway, type Gateway, storeLogSource } from '@state-server/realtime';
import { AppModule } from './app.module';
import type { SyncGatewayConfig } from './config';
import { realtimeMetrics } from './realtime-metrics';
import { SyncAdapter } from './sync-adapter';

/** Wires sync-gateway: what is opened last is closed first. */
export async function start(service: Service<SyncGatewayConfig>): Promise<HttpService> {
  const { config, environment, log, metrics } = service;
  const store = await openStore(service);
  const bus = openBus(service);
  // The engine needs the write path, which tells the engine what it has committed.
  const engine: { gateway?: Gateway } = {};
  const committer = openCommitter(service, {
    store,
    bus,
    onCommitted: (braneId, messages) => engine.gateway?.deliver(braneId, messages),
  });
  const { verifier, revocations } = await openVerifier(service, { store, bus });
  const opened = createGateway({
    source: storeLogSource(store, environment),
    committer,
    bus,
    authenticate: createAuthenticate({ store, environment, verifier }),
    revocations: {
      isRevoked: (identity) => revocations.isRevoked(identity),
      onRevoked: (listener) => revocations.onRevoked(listener),
    },
    environment,
    metrics: realtimeMetrics(metrics, () => engine.gateway),
    log: (level, event, fields) => {
      log.log(level, event, fields);
    },
  });
  engine.gateway = opened;
  service.onStopAccepting('realtime', () => opened.drain());
  return startHttpService(service, {
    module: AppModule.with({ gateway: opened, clientOf: clientAddress(config.TRUSTED_PROXIES) }),
    webSockets: (app) => new SyncAdapter(app, config.ALLOWED_ORIGINS),
  });
}
