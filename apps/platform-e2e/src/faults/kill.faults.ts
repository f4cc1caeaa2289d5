import { type Fault } from './support/fault';
import { killEverything, startAgain } from './support/restarts';

/** kill -9: the supervisor starts it again. */
export const killOf = (...names: readonly string[]): Fault => ({
  name: `kill -9 of ${names.join(' and ')}`,
  touches: names,
  run: async ({ system }) => {
    await Promise.all(names.map((name) => system.kill(name)));
  },
});

/** As when the machine loses its power: nothing is left but what is on disk. */
export const killAll: Fault = {
  name: 'kill -9 of everything and a restart',
  touches: ['everything'],
  run: async ({ system }) => {
    await killEverything(system);
    await startAgain(system);
  },
};
