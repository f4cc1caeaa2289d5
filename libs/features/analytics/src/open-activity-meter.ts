import type { Store } from '@state-server/persistence-port';
import type { Service } from '@state-server/platform';
import { ActivityMeter } from './activity-meter';

/** The meter of a service; the last counts are stored when it ends. */
export function openActivityMeter(
  service: Pick<Service, 'environment' | 'log' | 'onClose'>,
  store: Store,
): ActivityMeter {
  const meter = new ActivityMeter({
    store,
    environment: service.environment,
    onFailure: (error) => service.log.debug('analytics.activity.kept', { err: error }),
  });
  service.onClose('activity meter', () => meter.close());
  return meter;
}
