import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessIdentity, signalProcess } from '../services/process-identity';
import { readRun, removeState, type RunState, survivors } from '../services/state-file';
import { type Where } from '../options';
import { type Terminal } from '../terminal';

const POLL_MS = 50;
/** Longer than a supervisor takes to drain stage after stage. */
const SUPERVISOR_MS = 60_000;
const LEFTOVER_MS = 10_000;

/** Ends what `up` started, by its processes' identities; nothing else. Answers the exit code. */
export async function down(where: Where, terminal: Terminal): Promise<number> {
  const state = readRun(where);
  if (!state || survivors(state).length === 0) {
    if (state) removeState(where.dataDir);
    terminal.line('Nothing runs here.');
    return 0;
  }
  await terminal.step(`Ending ${survivors(state).length} processes`, async () => {
    await end(state.supervisor, SUPERVISOR_MS);
    await endLeftovers(state);
  });
  removeState(where.dataDir);
  return 0;
}

/** Ends the services of a supervisor that is gone (it was killed, say). */
export async function endLeftovers(state: RunState): Promise<void> {
  const processes = state.services.flatMap((service) => service.process ?? []);
  await Promise.all(processes.map((process) => end(process, LEFTOVER_MS)));
}

/** SIGTERM, then SIGKILL to what has not ended in time. */
async function end(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!signalProcess(identity, 'SIGTERM')) return;
  const deadline = performance.now() + graceMs;
  while (isRunning(identity)) {
    if (performance.now() > deadline) signalProcess(identity, 'SIGKILL');
    await sleep(POLL_MS);
  }
}
