import { createRedisDebts } from '@state-server/limits-redis';
import { Limiter, type Service } from '@state-server/platform';

/**
 * Limits that the processes of an installation keep together by way of Redis; away, each goes on by itself with the whole
 * quotas (F2).
 */
export function openLimiter(service: Service): Limiter {
  const { config, environment, log, metrics } = service;
  const shared = createRedisDebts({ url: config.REDIS_URL });
  let isTogether = 0;
  const limiter = new Limiter({
    ...environment,
    shared,
    onShared: (together, reason) => {
      isTogether = together ? 1 : 0;
      if (together) log.info('limits.together');
      else log.warn('limits.alone', { reason });
    },
  });
  metrics.gauge(
    { name: 'limits_together', help: '1 while limits are kept together with the other processes.' },
    (gauge) => gauge.set(isTogether),
  );
  metrics.gauge({ name: 'limits_callers', help: 'Buckets that are remembered.' }, (gauge) => {
    gauge.set(limiter.size);
  });
  service.onClose('limits', () => {
    limiter.close();
    shared.close();
  });
  return limiter;
}
