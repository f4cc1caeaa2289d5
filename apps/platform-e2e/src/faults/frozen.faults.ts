import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@state-server/testing';
import { type Fault } from './support/fault';
import { type FaultSystem } from './support/fault-system';

/** SIGSTOP, for ever: the supervisor ends it after 3 s of silence and starts it again. */
export const freezeOf = (name: string): Fault => ({
  name: `${name} frozen`,
  touches: [name, 'store'],
  run: async ({ system }) => {
    const pid = await system.signal(name, 'SIGSTOP');
    await until(() => system.service(name).pid !== pid, {
      what: `the supervisor to end the frozen ${name}`,
      timeoutMs: 20_000,
      everyMs: 50,
    });
  },
});

/** SIGSTOP, and SIGCONT before the supervisor has had enough of it. */
export const pauseOf = (name: string, ms = 2_000): Fault => ({
  name: `${name} frozen for ${ms / 1_000} s, then resumed`,
  touches: [name, 'store'],
  run: async ({ system }) => {
    await system.signal(name, 'SIGSTOP');
    await sleep(ms);
    await system.signal(name, 'SIGCONT');
  },
});

/** The process of `./dev up` itself. */
export function supervisorOf({ data }: FaultSystem): number {
  const state = JSON.parse(readFileSync(join(data, 'dev.json'), 'utf8')) as {
    readonly supervisor: { readonly pid: number };
  };
  return state.supervisor.pid;
}
