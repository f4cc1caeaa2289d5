import { clockOff, TEN_MINUTES_MS } from './clock.faults';
import { diskFull } from './disk-full.faults';
import { drainOf } from './drain.faults';
import { freezeOf, pauseOf } from './frozen.faults';
import { killAll, killOf } from './kill.faults';
import { redisEmptied, redisFrozen, redisStopped } from './redis.faults';
import { type Fault } from './support/fault';

const GATEWAYS = ['sync-gateway-1', 'sync-gateway-2'] as const;

/** What the torture picks from, at random. A new fault is added here, and has a spec of its own. */
export const FAULTS: readonly Fault[] = [
  ...['api-gateway', 'auth', 'callback-ingest', 'jobs-runner', ...GATEWAYS].map((name) => killOf(name)),
  killOf(...GATEWAYS),
  killAll,
  ...GATEWAYS.map((name) => drainOf(name)),
  freezeOf('sync-gateway-1'),
  pauseOf('sync-gateway-2'),
  diskFull,
  redisStopped,
  redisFrozen,
  redisEmptied,
  clockOff('sync-gateway-1', TEN_MINUTES_MS),
  clockOff('sync-gateway-2', -TEN_MINUTES_MS),
  clockOff('callback-ingest', TEN_MINUTES_MS),
];

export const ALONE = 'everything';

/** Whether a fault may begin while those others are at work. */
export function mayBegin(fault: Fault, atWork: readonly Fault[]): boolean {
  const taken = new Set(atWork.flatMap(({ touches }) => touches));
  if (taken.has(ALONE) || (fault.touches.includes(ALONE) && atWork.length > 0)) return false;
  return fault.touches.every((what) => !taken.has(what));
}
