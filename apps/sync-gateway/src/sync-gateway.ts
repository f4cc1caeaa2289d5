import { openCommitter, type ServiceStore } from '@state-server/composition';
import { openActivityMeter } from '@state-server/features-analytics';
import { createRoster } from '@state-server/features-guest';
import { createAuthenticate, type Revocations, type TokenVerifier } from '@state-server/identity';
import type { Bus } from '@state-server/messaging-port';
import type { Store } from '@state-server/persistence-port';
import {
  clientAddress,
  createInternalDoor,
  type HttpService,
  type Service,
  startHttpService,
} from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { createGateway, type Gateway, type GatewayDeps, storeLogSource } from '@state-server/realtime';
import { AppModule } from './app.module';
import type { SyncGatewayConfig } from './config';
import { realtimeMetrics } from './realtime-metrics';
import { SyncAdapter } from './sync-adapter';

export interface SyncGatewayParts {
  readonly store: Store;
  readonly bus: Bus;
  readonly verifier: TokenVerifier;
  readonly revocations: Revocations;
  readonly readOnly?: Pick<ServiceStore['readOnly'], 'onChange'>;
  /** Whether a client is better off with another gateway at this moment. */
  readonly inDoubt?: () => boolean;
  /** Beside what the settings say; default: those of the engine. */
  readonly limits?: NonNullable<GatewayDeps['limits']>;
}

/** The engine behind its WebSocket door, over a store and a bus that are there. */
export async function openSyncGateway(
  service: Service<SyncGatewayConfig>,
  parts: SyncGatewayParts,
): Promise<HttpService> {
  const { config, environment, log, metrics, health } = service;
  const { store, bus, verifier, revocations, inDoubt, limits } = parts;
  // The engine needs the write path, which tells the engine what it has committed.
  const engine: { gateway?: Gateway } = {};
  const meter = openActivityMeter(service, store);
  const committer = openCommitter(service, {
    store,
    bus,
    onCommitted: (braneId, messages) => {
      engine.gateway?.deliver(braneId, messages);
      meter.edited(braneId, messages.length);
    },
  });
  const people = createRoster({
    ...{ store, environment },
    gateway: `${service.instance}-${environment.ids.uuid()}`,
    most: config.PEOPLE_PER_BRANE,
    onFailure: (error) => {
      log.warn('people.unwritten', { err: error });
    },
  });
  const gateway = createGateway({
    people,
    source: storeLogSource(store, environment),
    committer,
    bus,
    authenticate: createAuthenticate({ store, environment, verifier }),
    revocations,
    environment,
    limits: { ...limitsOf(config), ...limits },
    metrics: realtimeMetrics(metrics, () => engine.gateway, meter),
    log: (level, event, fields) => {
      log.log(level, event, fields);
    },
  });
  engine.gateway = gateway;
  service.onStopAccepting('realtime', async () => {
    await gateway.drain();
    await people.close();
  });
  // Sockets stay open: what is sent meanwhile is refused as retryable, and comes again (SYNC F3).
  parts.readOnly?.onChange((flag) => {
    if (flag) gateway.announce(fail('store.read_only'));
  });
  const turnsAway = (): boolean => health.draining || inDoubt?.() === true;
  const door = createInternalDoor(service, { audience: 'sync-gateway' });
  return startHttpService(service, {
    configure: door.install,
    module: AppModule.with({ gateway, clientOf: clientAddress(config.TRUSTED_PROXIES) }),
    webSockets: (app) =>
      new SyncAdapter(app, { allowedOrigins: config.ALLOWED_ORIGINS, turnsAway, whyNot: door.whyNot }),
  });
}

/** The settings as limits of the engine. */
function limitsOf(config: SyncGatewayConfig): NonNullable<GatewayDeps['limits']> {
  return {
    edits_per_second: config.EDITS_PER_SECOND,
    edits_burst: 3 * config.EDITS_PER_SECOND,
    frames_per_second: config.FRAMES_PER_SECOND,
    frames_burst: 2 * config.FRAMES_PER_SECOND,
    sessions_per_user: config.SESSIONS_PER_USER,
    sessions_per_address: config.SESSIONS_PER_ADDRESS,
    sessions_per_brane: config.SESSIONS_PER_BRANE,
    edits_per_second_user: config.USER_EDITS_PER_SECOND,
    edits_per_second_address: config.ADDRESS_EDITS_PER_SECOND,
    edits_per_second_brane: config.BRANE_EDITS_PER_SECOND,
  };
}
