import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevService, DevSystem } from '@state-server/testing';

/** Below those that systems give to outgoing connections: one of them would be in the way sooner or later. */
const PORTS = { first: 10_000, last: 30_000, apart: 200 } as const;

export interface RunningSystem {
  readonly origin: string;
  readonly gateway: DevService;
  readonly api: DevService;
  readonly jobs: DevService;
}

/** Runs with the whole system on ports and data of its own, as a user has it: no setting differs. */
export async function withSystem<T>(
  run: (system: RunningSystem) => Promise<T>,
  /** For Node itself, at most. */
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'bench-'));
  const places = (PORTS.last - PORTS.first) / PORTS.apart;
  const port = PORTS.first + PORTS.apart * Math.floor(Math.random() * places);
  const system = new DevSystem({ root: process.cwd(), port, data, env });
  try {
    const { origin } = await system.start(1);
    return await run({
      origin,
      gateway: await system.service('sync-gateway-1'),
      api: await system.service('api-gateway'),
      jobs: await system.service('jobs-runner'),
    });
  } finally {
    await system.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** Of a service that runs. */
export function pidOf({ name, pid }: DevService): number {
  if (pid === null) throw new Error(`${name} does not run`);
  return pid;
}
