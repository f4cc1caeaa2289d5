import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevService, DevSystem, freePort } from '@state-server/testing';

/** Ports of a system reach so far above the origin's. */
const PORT_SPAN = 200;

export interface RunningSystem {
  readonly origin: string;
  readonly gateway: DevService;
  readonly api: DevService;
}

/** Runs with the whole system on ports and data of its own, as a user has it: no setting differs. */
export async function withSystem<T>(run: (system: RunningSystem) => Promise<T>): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'bench-'));
  const port = 1024 + ((await freePort()) % (60_000 - 1024 - PORT_SPAN));
  const system = new DevSystem({ root: process.cwd(), port, data });
  try {
    const { origin } = await system.start(1);
    return await run({
      origin,
      gateway: await system.service('sync-gateway-1'),
      api: await system.service('api-gateway'),
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
