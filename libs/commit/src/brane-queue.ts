import type { BraneId } from '@state-server/domain';
import { fail, StateError } from '@state-server/protocol';
import type { BraneMessage } from './committer';
import { commitGroup, type GroupOutcome, HookFailure } from './commit-group';
import type { Core } from './core';
import { toCommitError } from './errors';
import { type Done, Lane, type Task } from './lane';
import { type Position, readHead } from './read';
import { readLog } from './read-log';
import type { Verdict, Work } from './work';

/** A group is cut at whichever comes first (SYNC L2). */
export const GROUP_EDITS = 200;
export const GROUP_BYTES = 256 * 1024;

/** Requests and bytes that may wait for one brane; more are told to come again. */
export const WAITING_EDITS = 5_000;
const WAITING_BYTES = 16 * 1024 * 1024;
const BUSY_RETRY_MS = 250;
/** Milliseconds between two looks at whether the other writer has had its turn. */
const LOOK_MS = 3;

/** After a commit of unknown outcome: when to look for entries that nobody has published, ms, and how often. */
const REPUBLISH_AFTER_MS = 250;
const REPUBLISH_TRIES = 5;
const REPUBLISH_ENTRIES = 2_000;

interface Upkeep {
  readonly run: () => Promise<void>;
}

/**
 * The requests for one brane in this process: one transaction at a time. What arrives while it is on its way to the disk
 * goes together into the next one, in the order of arrival (SYNC L1, L2); an idle brane commits at once.
 */
export class BraneQueue {
  private readonly lane: Lane;
  private readonly waiting: Work[] = [];
  private waitingBytes = 0;
  private readonly upkeep: Upkeep[] = [];
  private running = false;
  private readonly idle = new Set<() => void>();

  constructor(
    private readonly core: Core,
    private readonly braneId: BraneId,
    /** Nothing is left to do; the queue may be let go. */
    private readonly onIdle: () => void,
  ) {
    this.lane = new Lane(core, braneId, (stoodOn) => this.republish(stoodOn));
  }

  push(work: Work): void {
    if (this.waiting.length >= WAITING_EDITS || this.waitingBytes + work.bytes > WAITING_BYTES) {
      work.fail(fail('commit.conflict', undefined, undefined, { retryAfterMs: BUSY_RETRY_MS }));
      return;
    }
    this.waiting.push(work);
    this.waitingBytes += work.bytes;
    this.start();
  }

  /** A request whose time was up while it waited needs no commit any more. */
  withdraw(work: Work): void {
    const at = this.waiting.indexOf(work);
    if (at < 0) return;
    this.waiting.splice(at, 1);
    this.waitingBytes -= work.bytes;
  }

  /** Runs a piece of upkeep between two groups. Throws StateErrors. */
  exclusively<T>(task: Task<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = async (): Promise<void> => {
        try {
          const { value } = await this.lane.run(task);
          this.core.replicas.settle(this.braneId);
          resolve(value);
        } catch (error) {
          reject(toCommitError(error));
        }
      };
      this.upkeep.push({ run });
      this.start();
    });
  }

  /** Runs something of its own between two groups; what it commits in this brane goes through the lane. */
  hold<T>(task: (lane: Lane) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): Promise<void> => task(this.lane).then(resolve, reject);
      this.upkeep.push({ run });
      this.start();
    });
  }

  whenIdle(): Promise<void> {
    return this.running ? new Promise((resolve) => this.idle.add(resolve)) : Promise.resolve();
  }

  private start(): void {
    if (this.running) return;
    this.running = true;
    void this.work();
  }

  private async work(): Promise<void> {
    // Lets requests that arrived in the same breath come along.
    await Promise.resolve();
    while (this.waiting.length > 0 || this.upkeep.length > 0) {
      if (this.waiting.length > 0) await this.giveWay();
      if (this.waiting.length > 0) await this.commit(this.cut());
      await this.upkeep.shift()?.run();
    }
    this.running = false;
    for (const resolve of this.idle) resolve();
    this.idle.clear();
    this.onIdle();
  }

  private async giveWay(): Promise<void> {
    const { clock, timers } = this.core.environment;
    for (;;) {
      const now = clock.monotonic();
      const pause = this.core.pace.pause(this.braneId, now);
      if (!pause) return;
      const ms = Math.min(LOOK_MS, pause.until - now);
      await new Promise<void>((resolve) => void timers.set(ms, resolve));
      if (await this.isPast(pause.seq)) return;
    }
  }

  /** Another writer has committed above that seq; or nobody can say now, and then the next attempt will. */
  private async isPast(seq: number): Promise<boolean> {
    try {
      const head = await readHead(this.core.store, this.braneId);
      return head === undefined || head.seq > seq;
    } catch {
      return true;
    }
  }

  private cut(): Work[] {
    let bytes = 0;
    let count = 0;
    for (const work of this.waiting) {
      bytes += work.bytes;
      if (count > 0 && (count >= GROUP_EDITS || bytes > GROUP_BYTES)) break;
      count += 1;
    }
    const group = this.waiting.splice(0, count);
    for (const work of group) this.waitingBytes -= work.bytes;
    return group;
  }

  private async commit(works: readonly Work[]): Promise<void> {
    const started = this.core.environment.clock.monotonic();
    const task: Task<GroupOutcome> = {
      label: 'commit.group',
      deadlineAt: works.reduce((latest, work) => Math.max(latest, work.deadlineAt), 0),
      body: (ground) => commitGroup(ground, works),
    };
    let done: Done<GroupOutcome>;
    try {
      done = await this.lane.run(task);
    } catch (error) {
      return this.failed(works, error);
    }
    const { pace, environment } = this.core;
    const { attemptMs: ms, contended } = done;
    const { seq } = done.value.advance?.head ?? done.replica;
    pace.committed(this.braneId, environment.clock.monotonic(), { ms, seq, contended });
    // What follows is durable: no mistake here may turn it into a failure.
    const { verdicts, advance } = done.value;
    this.guarded(() => {
      if (advance) done.replica.advance(advance);
      this.core.replicas.settle(this.braneId);
    });
    this.publish(verdicts);
    this.answer(works, verdicts);
    this.guarded(() => this.report(done, verdicts, started));
  }

  private guarded(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.core.replicas.drop(this.braneId);
      this.core.metrics?.fault?.(this.braneId, error);
    }
  }

  /** In the order of the log. */
  private publish(verdicts: ReadonlyMap<Work, Verdict>): void {
    const messages: BraneMessage[] = [];
    for (const verdict of verdicts.values()) if (verdict.kind === 'entry') messages.push(verdict.message);
    if (messages.length > 0) this.guarded(() => this.core.publish(this.braneId, messages));
  }

  /** What found no room in the transaction goes to the front of the queue. */
  private answer(works: readonly Work[], verdicts: ReadonlyMap<Work, Verdict>): void {
    for (const [work, verdict] of verdicts) {
      if (verdict.kind === 'refused') work.fail(verdict.error);
      else work.succeed(verdict.committed);
    }
    const left = works.filter((work) => !verdicts.has(work) && !work.settled);
    this.waiting.unshift(...left);
    for (const work of left) this.waitingBytes += work.bytes;
  }

  /** Nothing was committed, or nobody knows. What one request has brought about does not fall on the others (SYNC L2). */
  private async failed(works: readonly Work[], error: unknown): Promise<void> {
    const left = works.filter((work) => !work.settled);
    if (error instanceof HookFailure) {
      error.work.fail(toCommitError(error.cause));
      const others = left.filter((work) => work !== error.work);
      return others.length === 0 ? undefined : this.commit(others);
    }
    const cause = toCommitError(error);
    const forAll =
      left.length <= 1 ||
      (cause instanceof StateError && (cause.retryable || cause.code === 'brane.not_found'));
    if (forAll) {
      for (const work of left) work.fail(cause);
      return;
    }
    for (const work of left) await this.commit([work]);
  }

  private report(done: Done<GroupOutcome>, verdicts: ReadonlyMap<Work, Verdict>, started: number): void {
    const { metrics, replicas, environment } = this.core;
    if (!metrics) return;
    let entries = 0;
    for (const verdict of verdicts.values()) {
      if (verdict.kind === 'entry') entries += 1;
      if (verdict.kind === 'refused') metrics.refused?.(this.braneId, verdict.error.code);
    }
    const ms = environment.clock.monotonic() - started;
    if (entries > 0) metrics.committed?.({ braneId: this.braneId, entries, ms, attempts: done.attempts });
    metrics.replicas?.({ bytes: replicas.bytes, branes: replicas.branes });
  }

  /**
   * A commit whose outcome was unknown may have become durable, and then nobody has published its entries. Whatever stands
   * in the log above the head that it stood on is published, perhaps once more: receivers go by the seq (SYNC R5).
   */
  private republish(from: Position, tries = REPUBLISH_TRIES): void {
    if (tries === 0) return;
    this.core.environment.timers.set(REPUBLISH_AFTER_MS, () => {
      const range = { epoch: from.epoch, after: from.seq, limit: REPUBLISH_ENTRIES };
      readLog(this.core.store, this.braneId, range).then(
        (slice) => {
          if (slice.kind === 'entries' && slice.entries.length > 0)
            this.core.publish(this.braneId, slice.entries);
        },
        () => this.republish(from, tries - 1),
      );
    });
  }
}

/** The answer to a request whose time is up (SYNC L2): never a refusal. */
export function outOfTime(): StateError {
  return fail('commit.outcome_unknown');
}
