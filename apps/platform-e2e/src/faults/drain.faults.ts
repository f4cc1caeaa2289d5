import { type Fault } from './support/fault';

/** SIGTERM: clients are told, and come back elsewhere; the supervisor starts the gateway again. */
export const drainOf = (gateway: string): Fault => ({
  name: `SIGTERM to ${gateway}`,
  touches: [gateway],
  run: async ({ system }) => {
    await system.signal(gateway, 'SIGTERM');
  },
});
