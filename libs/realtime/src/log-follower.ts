import type { BraneMessage, BraneView, Position } from '@state-server/commit';
import type { BraneId, Environment, Epoch, TimerHandle } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { LogSource } from './ports';
import { Entry } from './shared-frame';

export interface FollowerEvents {
  /** The next entry: each once, in order, without a hole. */
  entry(entry: Entry): void;
  /** So many entries came from the log, because the bus did not bring them. */
  filled(entries: number): void;
  /** What is between cannot be told (another epoch, entries that are gone): the state as it is now (SYNC L3, R3). */
  restarted(view: BraneView): void;
  /** The brane is not there any more. */
  gone(): void;
  /** The log could not be read; it is tried again. */
  failed(error: unknown): void;
}

export interface FollowerLimits {
  readonly hole_ms: number;
  readonly held_entries: number;
  readonly log_page_entries: number;
  readonly log_page_bytes: number;
}

interface Waiter {
  readonly epoch: Epoch;
  readonly seq: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds between attempts to read the log while the store is away: doubled from the first to the last. */
const RETRY_MS = { first: 100, last: 2_000 };

/**
 * Follows one brane's log by what the bus brings: drops doubles, puts in order what overtook, and fills holes from the
 * log after 20 ms by one read at a time (SYNC R5).
 */
export class LogFollower {
  epoch: Epoch;
  seq: number;
  /** The highest seq that is known to exist in this epoch. */
  private target: number;
  /** Another epoch was heard of: the store has to say which one holds. */
  private doubted = false;
  /** An entry did not fit the state that was built from those before it. */
  private mustRestart = false;
  private held = new Map<number, Entry>();
  private timer: TimerHandle | undefined;
  private filling = false;
  private failures = 0;
  private stopped = false;
  private waiters: Waiter[] = [];

  constructor(
    private readonly braneId: BraneId,
    start: Position,
    private readonly source: Pick<LogSource, 'log' | 'brane'>,
    private readonly timers: Environment['timers'],
    private readonly limits: FollowerLimits,
    private readonly events: FollowerEvents,
  ) {
    this.epoch = start.epoch;
    this.seq = start.seq;
    this.target = start.seq;
  }

  /** From the bus or from this process; in any order, any number of times. */
  receive(message: BraneMessage): void {
    if (this.stopped) return;
    if (message.epoch !== this.epoch) {
      this.doubt();
      return;
    }
    if (message.seq <= this.seq) return;
    if (message.seq === this.seq + 1) {
      this.accept(new Entry(message));
      this.acceptHeld();
    } else if (this.held.size < this.limits.held_entries) {
      this.held.set(message.seq, new Entry(message));
    }
    this.expect(message.seq);
  }

  /** A head that somebody announced: the message may still be on its way. */
  notice(head: Position): void {
    if (this.stopped) return;
    if (head.epoch !== this.epoch) this.doubt();
    else this.expect(head.seq);
  }

  /** Starts anew from the state in the store. */
  restartSoon(): void {
    this.mustRestart = true;
    this.fillIn(0);
  }

  /** A head that stands in the store. Resolves when this follower is there; rejects when the log cannot be read. */
  reach(head: Position): Promise<void> {
    if (this.stopped) return Promise.reject(fail('brane.not_found', { brane_id: this.braneId }));
    if (head.epoch === this.epoch && head.seq <= this.seq) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiters.push({ epoch: head.epoch, seq: head.seq, resolve, reject });
      if (head.epoch === this.epoch) this.target = Math.max(this.target, head.seq);
      else this.doubted = true;
      this.fillNow();
    });
  }

  stop(): void {
    this.stopped = true;
    this.clearTimer();
    this.held.clear();
    this.rejectWaiters(fail('brane.not_found', { brane_id: this.braneId }));
  }

  private accept(entry: Entry): void {
    this.seq = entry.seq;
    this.target = Math.max(this.target, entry.seq);
    this.events.entry(entry);
    this.resolveWaiters();
  }

  private acceptHeld(): void {
    for (let next = this.held.get(this.seq + 1); next && !this.stopped; next = this.held.get(this.seq + 1)) {
      this.held.delete(next.seq);
      this.accept(next);
    }
    if (this.held.size > 0 && this.seq >= this.target) this.held.clear();
  }

  private expect(seq: number): void {
    this.target = Math.max(this.target, seq);
    if (this.target > this.seq) this.fillIn(this.limits.hole_ms);
    else if (!this.doubted && !this.mustRestart) this.clearTimer();
  }

  private doubt(): void {
    this.doubted = true;
    this.fillIn(this.limits.hole_ms);
  }

  private fillIn(ms: number): void {
    if (this.timer !== undefined || this.filling || this.stopped) return;
    this.timer = this.timers.set(ms, () => {
      this.timer = undefined;
      this.fillNow();
    });
  }

  private fillNow(): void {
    this.clearTimer();
    if (this.filling || this.stopped) return;
    this.filling = true;
    void this.fill();
  }

  private async fill(): Promise<void> {
    try {
      while (!this.stopped && (this.mustRestart || this.doubted || this.target > this.seq)) {
        if (this.mustRestart) await this.restart();
        else if (this.doubted) await this.verify();
        else await this.readPage();
      }
      this.failures = 0;
      this.filling = false;
    } catch (error) {
      this.filling = false;
      this.failures += 1;
      this.events.failed(error);
      this.rejectWaiters(error);
      this.fillIn(Math.min(RETRY_MS.last, RETRY_MS.first * 2 ** Math.min(this.failures - 1, 8)));
    }
  }

  private async readPage(): Promise<void> {
    const { log_page_entries: limit, log_page_bytes: maxBytes } = this.limits;
    const { epoch } = this;
    const slice = await this.source.log(this.braneId, { epoch, after: this.seq, limit, maxBytes });
    if (this.stopped) return;
    if (slice.kind === 'gone') {
      this.events.gone();
      return;
    }
    if (slice.kind === 'snapshot') {
      await this.restart();
      return;
    }
    const before = this.seq;
    let filled = 0;
    for (const message of slice.entries) {
      // Messages may have come in by the bus while the log was read, and an entry may end this room.
      if (this.isStopped() || message.seq !== this.seq + 1) continue;
      if (!this.held.has(message.seq)) filled += 1;
      this.accept(new Entry(message));
    }
    if (filled > 0) this.events.filled(filled);
    this.acceptHeld();
    if (slice.entries.length === 0 && this.seq === before) this.nothingRead(slice.head.seq);
  }

  /** The store is right about its own head: what was announced beyond it does not exist. */
  private nothingRead(headSeq: number): void {
    if (headSeq > this.seq) throw fail('internal', undefined, 'The log has a hole.');
    this.target = this.seq;
    const beyond = this.waiters;
    this.waiters = [];
    for (const waiter of beyond) waiter.reject(fail('dependency.unavailable'));
  }

  /** Which epoch holds? */
  private async verify(): Promise<void> {
    this.doubted = false;
    const view = await this.source.brane(this.braneId).catch((error: unknown) => {
      this.doubted = true;
      throw error;
    });
    if (this.stopped) return;
    if (!view) this.events.gone();
    else if (view.head.epoch !== this.epoch) this.startFrom(view);
    else {
      this.target = Math.max(this.target, view.head.seq);
      this.rejectStrangers();
    }
  }

  private async restart(): Promise<void> {
    const view = await this.source.brane(this.braneId);
    if (this.stopped) return;
    if (view) this.startFrom(view);
    else this.events.gone();
  }

  private startFrom(view: BraneView): void {
    this.epoch = view.head.epoch;
    this.seq = view.head.seq;
    this.target = view.head.seq;
    this.mustRestart = false;
    this.held.clear();
    this.events.restarted(view);
    this.resolveWaiters();
    this.rejectStrangers();
  }

  private resolveWaiters(): void {
    if (this.waiters.length === 0) return;
    const reached = (waiter: Waiter): boolean => waiter.epoch === this.epoch && waiter.seq <= this.seq;
    const done = this.waiters.filter(reached);
    this.waiters = this.waiters.filter((waiter) => !reached(waiter));
    for (const waiter of done) waiter.resolve();
  }

  /** Whoever waits for an epoch that the store does not know any more has read it too early. */
  private rejectStrangers(): void {
    const strangers = this.waiters.filter((waiter) => waiter.epoch !== this.epoch);
    this.waiters = this.waiters.filter((waiter) => waiter.epoch === this.epoch);
    for (const waiter of strangers) waiter.reject(fail('dependency.unavailable'));
  }

  private rejectWaiters(error: unknown): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  /** Asked anew after a callback: TypeScript would believe that nothing has changed. */
  private isStopped(): boolean {
    return this.stopped;
  }

  private clearTimer(): void {
    if (this.timer !== undefined) this.timers.clear(this.timer);
    this.timer = undefined;
  }
}
