import type { Environment, TimerHandle } from '@state-server/domain';
import type { Dice } from './dice';
import type { Owner, Scheduler } from './scheduler';

/** 2026-01-01T00:00:00Z. */
const START = Date.UTC(2026, 0, 1);

/** The difference between everybody's calendar and the start of the simulation, ms. */
export interface Calendar {
  aheadMs: number;
}

/**
 * One process of the installation, or one client's machine: its own clock, ids and chance, and a life that may end at any
 * moment. What a process does to the world outside goes through `effect`: a dead one does nothing and is told nothing, at
 * whatever await it was.
 */
export class SimProcess implements Owner {
  alive = true;
  frozenUntil = 0;
  readonly environment: Environment;
  /** How far its wall clock is off, ms. */
  skewMs: number;
  /** Effects until it dies. */
  private fuse: number | undefined;
  private diesAt: string | undefined;
  private readonly mourners: (() => void)[] = [];
  private readonly bootedAt: number;

  constructor(
    readonly name: string,
    readonly scheduler: Scheduler,
    readonly dice: Dice,
    options: { readonly skewMs: number; readonly calendar: Calendar },
  ) {
    this.skewMs = options.skewMs;
    this.bootedAt = scheduler.now - dice.between(0, 100_000);
    // Within a millisecond no two processes have their ticks in step.
    const phase = dice.next();
    this.environment = {
      clock: {
        now: () => Math.floor(START + options.calendar.aheadMs + scheduler.now + this.skewMs),
        monotonic: () => scheduler.now - this.bootedAt,
      },
      ids: dice.fork('ids'),
      random: dice.fork('random'),
      timers: {
        set: (ms, task): TimerHandle => scheduler.after(Math.max(1, ms) + phase, 'timer', task, this),
        clear: (handle) => scheduler.cancel(handle as object),
      },
    };
  }

  /** Something is about to leave this process. False: it is dead, and nothing does. */
  effect(what?: string): boolean {
    if (!this.alive) return false;
    if (what !== undefined && what === this.diesAt) this.fuse = 0;
    if (this.fuse === undefined) return true;
    if (this.fuse > 0) {
      this.fuse -= 1;
      return true;
    }
    this.die();
    return false;
  }

  /** Dies before so many more effects plus one. */
  dieSoon(effects: number): void {
    this.fuse ??= effects;
  }

  /** Dies when it is about to do this. */
  dieAt(what: string): void {
    this.diesAt = what;
  }

  die(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const mourn of this.mourners) mourn();
  }

  onDeath(mourn: () => void): void {
    this.mourners.push(mourn);
  }

  /** Nothing of it runs for so long; what comes in waits. */
  freeze(ms: number): void {
    this.frozenUntil = Math.max(this.frozenUntil, this.scheduler.now + ms);
  }

  after(ms: number, label: string, task: () => void): void {
    this.scheduler.after(ms, label, task, this);
  }

  /** The answer of the world outside: comes in an event of its own, and never to a dead process. */
  answer<T>(ms: number, label: string, result: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.after(ms, label, () => {
        try {
          resolve(result());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
