import { type Fault } from './support/fault';

/** kill -9: the supervisor starts it again. */
export const killOf = (...names: readonly string[]): Fault => ({
  name: `kill -9 of ${names.join(' and ')}`,
  touches: names,
  run: async ({ system }) => {
    await Promise.all(names.map((name) => system.kill(name)));
  },
});
