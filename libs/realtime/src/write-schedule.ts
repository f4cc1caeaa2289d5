import type { Environment, TimerHandle } from '@state-server/domain';
import { Joiner } from './joiner';

/** Something that writes what it has queued. */
export interface Writer {
  /** Writes what it may. */
  flush(): void;
  /** False: nothing to write, and nothing was written since the last tick. */
  tick(): boolean;
}

/** How often a busy socket may be written to between two ticks, while few are busy. */
const SPARE_WRITES = 4;
/** Bytes that all sockets together are written in one turn of the event loop: a few milliseconds' worth. */
const TURN_BYTES = 4 * 1024 * 1024;

/**
 * When sockets are written to: an idle one at the end of the present turn of the event loop, so that frames of one event
 * share a write and nobody waits; one that was just written to at the next tick, so that under load a socket costs one
 * write per tick. While few sockets are busy there is no load: then nobody waits. No timer runs while all are idle.
 */
export class WriteSchedule {
  /** For the writers of this schedule, while they write one after the other. */
  readonly joiner = new Joiner();
  private soonList: Writer[] = [];
  private ticking: Writer[] = [];
  private timer: TimerHandle | undefined;
  private readonly late = new Set<Writer>();
  private lateTimer: TimerHandle | undefined;
  /** Bytes, since the event loop had its turn for certain. */
  private written = 0;
  private stopped = false;

  constructor(
    private readonly timers: Environment['timers'],
    private readonly tickMs: number,
    /** With no more busy sockets than that, they are written to between ticks. */
    private readonly fewSockets = 0,
  ) {}

  /** Writes between two ticks that each busy socket may have now. */
  get spareWrites(): number {
    return this.ticking.length <= this.fewSockets ? SPARE_WRITES : 0;
  }

  /** Flushes it at the end of this turn, then looks at it every tick until it is idle. */
  soon(writer: Writer): void {
    if (this.soonList.push(writer) === 1) queueMicrotask(() => this.runSoon());
  }

  /** Flushes it once more at the end of this turn; it is looked at every tick already, or soon. */
  again(writer: Writer): void {
    queueMicrotask(() => {
      writer.flush();
      this.joiner.clear();
    });
  }

  /** To be told of every write. */
  spend(bytes: number): void {
    this.written += bytes;
  }

  /**
   * So much was written in this turn that others have to get theirs first. A network that takes everything at once calls
   * for more before the turn is over: without a bound, one turn would write whole snapshots to all who join.
   */
  get isSpent(): boolean {
    return this.written >= TURN_BYTES;
  }

  /** Flushes it in a later turn, each in the order in which they came. */
  later(writer: Writer): void {
    this.late.add(writer);
    this.armLate();
  }

  stop(): void {
    this.stopped = true;
    if (this.lateTimer !== undefined) this.timers.clear(this.lateTimer);
    this.lateTimer = undefined;
    this.late.clear();
    if (this.timer !== undefined) this.timers.clear(this.timer);
    this.timer = undefined;
    this.ticking = [];
  }

  private runSoon(): void {
    const writers = this.soonList;
    this.soonList = [];
    for (const writer of writers) {
      writer.flush();
      this.ticking.push(writer);
    }
    this.joiner.clear();
    this.arm();
  }

  private runLate(): void {
    this.lateTimer = undefined;
    this.written = 0;
    for (const writer of [...this.late]) {
      if (this.isSpent) break;
      this.late.delete(writer);
      writer.flush();
    }
    this.joiner.clear();
    if (this.late.size > 0) this.armLate();
  }

  private armLate(): void {
    if (this.stopped) return;
    this.lateTimer ??= this.timers.set(0, () => this.runLate());
  }

  private runTick(): void {
    this.written = 0;
    const writers = this.ticking;
    this.ticking = [];
    for (const writer of writers) if (writer.tick()) this.ticking.push(writer);
    this.joiner.clear();
    this.arm();
  }

  private arm(): void {
    if (this.timer !== undefined || this.stopped || this.ticking.length === 0) return;
    this.timer = this.timers.set(this.tickMs, () => {
      this.timer = undefined;
      this.runTick();
    });
  }
}
