import { announceWrites, openBus, openStore, openVerifier } from '@state-server/composition';
import type { HttpService, Service } from '@state-server/platform';
import type { SyncGatewayConfig } from './config';
import { openSyncGateway } from './sync-gateway';

/** After a token from the future: the next clients are better off with a gateway whose clock agrees with that of auth. */
const DOUBT_MS = 2_000;

/** Wires sync-gateway: what is opened last is closed first. */
export async function start(service: Service<SyncGatewayConfig>): Promise<HttpService> {
  const opened = await openStore(service);
  const bus = openBus(service);
  const store = announceWrites(service, { store: opened, bus });
  const { verifier, revocations, clockSkew } = await openVerifier(service, { store, bus });
  return openSyncGateway(service, {
    ...{ store, bus, verifier, revocations, readOnly: opened.readOnly },
    inDoubt: () => clockSkew.seenWithin(DOUBT_MS),
  });
}
