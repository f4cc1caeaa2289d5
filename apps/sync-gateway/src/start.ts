import { openBus, openStore, openVerifier } from '@state-server/composition';
import type { HttpService, Service } from '@state-server/platform';
import type { SyncGatewayConfig } from './config';
import { openSyncGateway } from './sync-gateway';

/** Wires sync-gateway: what is opened last is closed first. */
export async function start(service: Service<SyncGatewayConfig>): Promise<HttpService> {
  const store = await openStore(service);
  const bus = openBus(service);
  const { verifier, revocations } = await openVerifier(service, { store, bus });
  return openSyncGateway(service, { store, bus, verifier, revocations });
}
