import type { Clock } from '@state-server/domain';

/** When a brane's head has to be read, because nobody would tell (SYNC R5). */
export class HeadClock {
  private readAt: number;
  private heardAt: number;
  private advancedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly limits: {
      readonly heads_ms: number;
      readonly writer_announces_ms: number;
      readonly writer_silence_ms: number;
    },
  ) {
    this.readAt = clock.monotonic();
    this.heardAt = this.readAt;
  }

  /** A writer said something about the brane; `news`: that it goes on. */
  heard(news: boolean): void {
    this.heardAt = this.clock.monotonic();
    if (news) this.advancedAt = this.heardAt;
  }

  read(): void {
    this.readAt = this.clock.monotonic();
    this.heardAt = this.readAt;
  }

  /**
   * Every minute; and when a writer that would still have to announce its last advance is silent: it may have died between
   * a commit and its publication.
   */
  isDue(): boolean {
    const now = this.clock.monotonic();
    if (now - this.readAt >= this.limits.heads_ms) return true;
    const { writer_announces_ms: announces, writer_silence_ms: silence } = this.limits;
    return now - this.advancedAt <= announces && now - this.heardAt >= silence;
  }
}
