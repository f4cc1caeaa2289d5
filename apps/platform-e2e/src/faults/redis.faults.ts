import { type Fault } from './support/fault';
import { lasting } from './support/lasting';

const touches = ['redis'];

/** Gone for a while, back without anything that it held (F1, F2). */
export const redisStopped: Fault = {
  name: 'Redis stopped',
  touches,
  run: async ({ system, holdMs }) => {
    await system.redis.stop();
    await lasting(holdMs);
    await system.redis.start();
  },
};

/** Its links stand and say nothing (F2). */
export const redisFrozen: Fault = {
  name: 'Redis frozen',
  touches,
  run: async ({ system, holdMs }) => {
    system.redis.freeze();
    await lasting(holdMs);
    system.redis.thaw();
  },
};

/** Away for a moment, back without anything that it held (F1). */
export const redisEmptied: Fault = {
  name: 'Redis restarted empty',
  touches,
  run: async ({ system }) => {
    await system.redis.stop();
    await system.redis.start();
  },
};
