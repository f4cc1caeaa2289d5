import type { BraneId } from '@state-server/domain';

/** What a writer leaves to another one after its own commit: more than the time that commit took, and at most so many ms. */
const FACTOR = 1.5;
const MOST_MS = 25;
/** Branes that are remembered before those whose time is over are looked for. */
const MANY = 1_000;

/**
 * Two writers that both begin as soon as they have committed lose every other attempt against each other. So each leaves
 * the other the time of one commit: they alternate, and what arrives meanwhile makes the next group larger.
 */
export class Pace {
  /** Monotonic ms, of branes that another writer was at when this one committed last. */
  private readonly notBefore = new Map<BraneId, number>();

  /** After an own commit that took so long. */
  committed(
    braneId: BraneId,
    now: number,
    commit: { readonly ms: number; readonly contended: boolean },
  ): void {
    if (!commit.contended) {
      this.notBefore.delete(braneId);
      return;
    }
    if (this.notBefore.size >= MANY) this.forgetPast(now);
    this.notBefore.set(braneId, now + Math.min(FACTOR * commit.ms, MOST_MS));
  }

  /** Milliseconds until the next commit of this writer is to begin. */
  waitMs(braneId: BraneId, now: number): number {
    return Math.max(0, (this.notBefore.get(braneId) ?? now) - now);
  }

  private forgetPast(now: number): void {
    for (const [braneId, until] of this.notBefore) if (until <= now) this.notBefore.delete(braneId);
  }
}
