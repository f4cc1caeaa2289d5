import type { Environment, TimerHandle } from '@state-server/domain';
import { Joiner } from './joiner';

/** Something that writes what it has queued. */
export interface Writer {
  /** Writes what it may. */
  flush(): void;
  /** False: nothing to write, and nothing was written since the last tick. */
  tick(): boolean;
}

/**
 * When sockets are written to: an idle one at the end of the present turn of the event loop, so that frames of one event
 * share a write and nobody waits; one that was just written to at the next tick, so that under load a socket costs one
 * write per tick. No timer runs while all are idle.
 */
export class WriteSchedule {
  /** For the writers of this schedule, while they write one after the other. */
  readonly joiner = new Joiner();
  private soonList: Writer[] = [];
  private ticking: Writer[] = [];
  private timer: TimerHandle | undefined;
  private stopped = false;

  constructor(
    private readonly timers: Environment['timers'],
    private readonly tickMs: number,
  ) {}

  /** Flushes it at the end of this turn, then looks at it every tick until it is idle. */
  soon(writer: Writer): void {
    if (this.soonList.push(writer) === 1) queueMicrotask(() => this.runSoon());
  }

  /** Flushes it once more at the end of this turn; it is looked at every tick already. */
  again(writer: Writer): void {
    queueMicrotask(() => {
      writer.flush();
      this.joiner.clear();
    });
  }

  stop(): void {
    this.stopped = true;
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

  private runTick(): void {
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
