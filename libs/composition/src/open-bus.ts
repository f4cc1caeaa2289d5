import type { Bus } from '@state-server/messaging-port';
import { createRedisBus } from '@state-server/messaging-redis';
import type { Service } from '@state-server/platform';

/** The bus between the services. Away it degrades readiness and takes nothing down (SYNC F2). */
export function openBus(service: Service): Bus {
  const { config, health, log, metrics } = service;
  const bus = createRedisBus({
    url: config.REDIS_URL,
    log: (event, fields) => log.debug(event, fields),
  });
  bus.onConnection((connected) => {
    if (connected) log.info('bus.connected');
    else log.warn('bus.disconnected');
  });
  metrics.gauge({ name: 'bus_connected', help: '1 while the link to Redis stands.' }, (gauge) => {
    gauge.set(bus.connected ? 1 : 0);
  });
  health.register('bus', () =>
    bus.connected ? undefined : { status: 'degraded', message: 'Redis is away: everything goes on, slower.' },
  );
  service.onClose('bus', () => bus.close());
  return bus;
}
