import { openStore } from '@state-server/composition';
import { ReplayMemory } from '@state-server/features-callback';
import type { Store } from '@state-server/persistence-port';
import { type HttpService, type Service, startHttpService } from '@state-server/platform';
import { AppModule } from './app.module';
import type { CallbackIngestConfig } from './config';

/** Wires callback-ingest. */
export async function start(service: Service<CallbackIngestConfig>): Promise<HttpService> {
  return openCallbacks(service, await openStore(service));
}

/** The same over a store that is there. */
export function openCallbacks(service: Service<CallbackIngestConfig>, store: Store): Promise<HttpService> {
  const { config, environment, log } = service;
  const { clock } = environment;
  const deps = { store, clock, log, secrets: config.CALLBACK_SECRETS, replays: new ReplayMemory(clock) };
  return startHttpService(service, { module: AppModule.with(deps) });
}
