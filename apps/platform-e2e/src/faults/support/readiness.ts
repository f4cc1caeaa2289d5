import { until } from '@state-server/testing';
import { type FaultSystem } from './fault-system';

const LOOK_MS = 150;

/** Watches when the services of a system are ready, all of them, again. */
export class Readiness {
  private since: number | undefined;
  /** When the last look that is over began. */
  private lookedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  /** Looks of an earlier round, still on their way, say nothing any more. */
  private round = 0;

  constructor(private readonly system: FaultSystem) {}

  /** A fault begins now: what was seen before does not count. */
  start(): void {
    this.stop();
    this.since = undefined;
    void this.look(this.round);
  }

  /** Resolves after a look that began later than this call: so it has seen whatever was done before. */
  async nextLook(): Promise<void> {
    const asked = performance.now();
    await until(() => this.lookedAt > asked, { timeoutMs: 10_000, what: 'a look at the services' });
  }

  /** Monotonic ms of the first look at which all were ready and have been since; undefined while one is not. */
  get readySince(): number | undefined {
    return this.since;
  }

  stop(): void {
    this.round += 1;
    clearTimeout(this.timer);
  }

  private async look(round: number): Promise<void> {
    const lookedAt = performance.now();
    const missing = await this.system.notReady().catch(() => ['unknown']);
    if (round !== this.round) return;
    this.lookedAt = lookedAt;
    if (missing.length > 0) this.since = undefined;
    else this.since ??= lookedAt;
    this.timer = setTimeout(() => void this.look(round), LOOK_MS);
  }
}
