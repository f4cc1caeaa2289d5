import {
  openBus,
  openCache,
  openCommitter,
  openLimiter,
  openStore,
  openVerifier,
} from '@state-server/composition';
import { openActivityMeter } from '@state-server/features-analytics';
import { announceRevocation } from '@state-server/identity';
import { channels } from '@state-server/messaging-port';
import type { RevocationDoc } from '@state-server/persistence-port';
import type { HttpService, Service } from '@state-server/platform';
import type { ApiGatewayConfig } from './config';
import { openGateway } from './gateway';

/** Wires api-gateway: what is opened last is closed first. */
export async function start(service: Service<ApiGatewayConfig>): Promise<HttpService> {
  const opened = await openStore(service);
  const bus = openBus(service);
  const { store, cache } = await openCache(service, { store: opened, bus });
  const meter = openActivityMeter(service, store);
  const committer = openCommitter(service, {
    ...{ store, bus },
    onCommitted: (braneId, messages) => meter.edited(braneId, messages.length),
  });
  const { verifier } = await openVerifier(service, { store, bus });
  const poke = (): void => {
    bus.publish(channels.operations, new Uint8Array(0));
  };
  const announce = (revocation: RevocationDoc): void => {
    announceRevocation(bus, revocation);
  };
  const limiter = openLimiter(service);
  return openGateway(service, { limiter, store, cache, committer, verifier, poke, announce });
}
