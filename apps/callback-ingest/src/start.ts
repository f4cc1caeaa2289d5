import { openStore } from '@state-server/composition';
import { ReplayMemory } from '@state-server/features-callback';
import type { Store } from '@state-server/persistence-port';
import {
  createSkewMeter,
  type HttpService,
  liveSetting,
  type Service,
  startHttpService,
} from '@state-server/platform';
import { AppModule } from './app.module';
import { type CallbackIngestConfig, config as settings } from './config';

/** Wires callback-ingest. */
export async function start(service: Service<CallbackIngestConfig>): Promise<HttpService> {
  return openCallbacks(service, await openStore(service));
}

/** The same over a store that is there. */
export function openCallbacks(service: Service<CallbackIngestConfig>, store: Store): Promise<HttpService> {
  const { environment, log, metrics } = service;
  const { clock } = environment;
  const skew = createSkewMeter({
    ...{ metrics, log, clock },
    metric: 'callback_clock_skew_seconds',
    help: 'How far the clock of a worker was ahead of ours in the last minute, where it was too far.',
    event: 'callback.clock_skew',
  });
  const secrets = liveSetting(service, settings.fields, 'CALLBACK_SECRETS');
  const deps = {
    ...{ store, clock, log, secrets, replays: new ReplayMemory(clock) },
    onClockSkew: (aheadMs: number) => skew.observe(aheadMs),
  };
  return startHttpService(service, { module: AppModule.with(deps) });
}
