import { type FaultSystem } from './fault-system';

/** What kills everything kills the supervisor too: first it, so that it brings nothing back, then all services at once. */
export async function killEverything(system: FaultSystem): Promise<void> {
  process.kill(system.supervisorPid, 'SIGKILL');
  for (const { pid } of system.services) if (pid !== null) process.kill(pid, 'SIGKILL');
  await system.redis.stop();
}

/** On the data that lies there; Redis comes back empty. */
export async function startAgain(system: FaultSystem): Promise<void> {
  await system.redis.start();
  await system.dev.start(system.gateways.length);
}
