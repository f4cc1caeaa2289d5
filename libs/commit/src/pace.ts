import type { BraneId } from '@state-server/domain';

/** What a writer leaves to another one after its own commit: more than the time that its attempt took, and at most so many ms. */
const FACTOR = 1.5;
const MOST_MS = 100;
/** Branes that are remembered before those whose time is over are looked for. */
const MANY = 1_000;

export interface PacedCommit {
  /** Milliseconds of its attempt. */
  readonly ms: number;
  /** The last seq that it wrote. */
  readonly seq: number;
  /** Another writer is at this brane. */
  readonly contended: boolean;
}

/** The other writer's turn: until it has committed something above `seq`, but no longer than `until` (monotonic ms). */
export interface Pause {
  readonly until: number;
  readonly seq: number;
}

/**
 * Two writers that both begin as soon as they have committed lose every other attempt against each other. So each leaves
 * the other the time of one commit: they alternate, and what arrives meanwhile makes the next group larger.
 */
export class Pace {
  /** Of branes that another writer was at when this one committed last. */
  private readonly pauses = new Map<BraneId, Pause>();

  /** After an own commit. */
  committed(braneId: BraneId, now: number, { ms, seq, contended }: PacedCommit): void {
    if (!contended) {
      this.pauses.delete(braneId);
      return;
    }
    if (this.pauses.size >= MANY) this.forgetPast(now);
    this.pauses.set(braneId, { until: now + Math.min(FACTOR * ms, MOST_MS), seq });
  }

  /** Another writer was at this brane when this one committed last. */
  contended(braneId: BraneId): boolean {
    return this.pauses.has(braneId);
  }

  /** Undefined when the next commit of this writer may begin. */
  pause(braneId: BraneId, now: number): Pause | undefined {
    const pause = this.pauses.get(braneId);
    return pause && pause.until > now ? pause : undefined;
  }

  private forgetPast(now: number): void {
    for (const [braneId, { until }] of this.pauses) if (until <= now) this.pauses.delete(braneId);
  }
}
