import { type BraneId, LIMITS } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import { type HeadDoc, StoreError, type Transaction } from '@state-server/persistence-port';
import { catchUp } from './catch-up';
import type { Core } from './core';
import { Loader } from './load';
import { ReplicaDoubt } from './not-loaded';
import { StoredPrototypes } from './prototypes/stored-prototypes';
import type { Position } from './read';
import type { Replica } from './replica';
import { TurnTaken, TurnWatch, withoutTurn } from './turn';

/** What one attempt of a transaction on a brane stands on. */
export interface Ground {
  readonly tx: Transaction;
  readonly head: HeadDoc;
  /** At the head. */
  readonly replica: Replica;
  readonly load: Loader;
  /** For entries of this transaction: never before the previous entry's (SYNC L4). */
  readonly at: string;
  /** Objects below moved groups that this transaction re-keys at the most (SYNC S2). */
  readonly rekeyedAtOnce: number;
}

export interface Task<T> {
  /** For logs and metrics of the store. */
  readonly label: string;
  /** Monotonic ms. */
  readonly deadlineAt: number;
  /** Other branes whose heads it writes: they are asked for a turn as well. */
  readonly alsoWrites?: readonly BraneId[];
  /**
   * May run several times; no side effects but writes of the transaction. With `head` the answer says what the head
   * becomes; a body that writes anything else without it guards the head itself.
   */
  readonly body: (ground: Ground) => Promise<Step<T>>;
}

export interface Step<T> {
  readonly value: T;
  readonly head?: HeadDoc;
  /** Runs last, when all else is written. */
  readonly finally?: (() => Promise<void>) | undefined;
}

export interface Done<T> {
  readonly value: T;
  readonly replica: Replica;
  readonly attempts: number;
  /** Milliseconds of the last attempt. */
  readonly attemptMs: number;
  /** Another writer is at this brane, too: it committed since this one did, or an attempt was lost against it. */
  readonly contended: boolean;
}

/** What the attempts of one task have come to so far. */
interface Fortune {
  losses: number;
  unknown: StoreError | undefined;
  doubted: boolean;
}

/** Conflicts after which a writer asks for its turn; again after as many more (SYNC L5). */
const LOSSES_BEFORE_TURN = 3;
const MAX_LOSSES = 24;
const TURN_RETRIES = 4;
/** Milliseconds between two looks at a head that carries another writer's marker. */
const TURN_POLL_MS = 12;
/** Milliseconds; the pause after a conflict is a random part of it, doubled with each loss. */
const BACKOFF_MS = 1;
/** Milliseconds before a commit of unknown outcome is looked for. */
const UNKNOWN_PAUSE_MS = 20;
const SKEW_MS = 30_000;

/** Runs the transactions of this process on one brane, one after the other, against those of other processes. */
export class Lane {
  private readonly turn: TurnWatch;
  /** The head as the present attempt found it. */
  private met: Position | undefined;
  /** The present attempt found entries of others. */
  private metOthers = false;

  /** `onUnknown` is told the head on which an attempt of unknown outcome stood: its entries may be durable above it. */
  constructor(
    private readonly core: Core,
    private readonly braneId: BraneId,
    private readonly onUnknown: (stoodOn: Position) => void,
  ) {
    this.turn = new TurnWatch(core.writerId, core.environment.clock);
  }

  /**
   * Throws StoreError, `brane.not_found`, or what the body throws. `outcome_unknown` is thrown only when the time is up: an
   * attempt of unknown outcome is made again, and the records of its op ids tell what became of it (SYNC L2).
   */
  async run<T>(task: Task<T>): Promise<Done<T>> {
    const { clock } = this.core.environment;
    const fortune: Fortune = { losses: 0, unknown: undefined, doubted: false };
    for (let attempts = 1; ; attempts += 1) {
      const remainingMs = task.deadlineAt - clock.monotonic();
      if (remainingMs <= 0) throw this.outOfTime(task.label, fortune);
      try {
        const startedAt = clock.monotonic();
        const { value, replica } = await this.attempt(task, remainingMs, fortune);
        const contended = fortune.losses > 0 || this.metOthers;
        return { value, replica, attempts, attemptMs: clock.monotonic() - startedAt, contended };
      } catch (error) {
        await this.recover(error, fortune, remainingMs, task.alsoWrites);
      }
    }
  }

  private outOfTime(label: string, { unknown, losses }: Fortune): StoreError {
    return unknown ?? new StoreError(losses > 0 ? 'conflict' : 'deadline', `${label}: out of time`);
  }

  /** Returns when another attempt makes sense; throws what the caller is to be told otherwise. */
  private async recover(
    error: unknown,
    fortune: Fortune,
    remainingMs: number,
    alsoWrites: readonly BraneId[] = [],
  ): Promise<void> {
    if (error instanceof TurnTaken) {
      return this.pause(TURN_POLL_MS * (0.5 + this.core.environment.random.next()));
    }
    if (error instanceof ReplicaDoubt && !fortune.doubted) {
      fortune.doubted = true;
      this.core.replicas.drop(this.braneId);
      this.core.metrics?.fault?.(this.braneId, error);
      return;
    }
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'outcome_unknown') {
      fortune.unknown = error;
      this.core.replicas.drop(this.braneId);
      this.core.metrics?.outcomeUnknown?.(this.braneId);
      if (this.met) this.onUnknown(this.met);
      return this.pause(UNKNOWN_PAUSE_MS);
    }
    if (error.code !== 'conflict') {
      if (error.code !== 'too_large') this.core.replicas.drop(this.braneId);
      throw fortune.unknown ?? error;
    }
    fortune.losses += 1;
    this.core.metrics?.conflict?.(this.braneId);
    if (fortune.losses >= MAX_LOSSES) throw fortune.unknown ?? error;
    if (fortune.losses % LOSSES_BEFORE_TURN === 0) {
      for (const braneId of [this.braneId, ...alsoWrites]) await this.claimTurn(braneId, remainingMs);
      return;
    }
    return this.pause(this.core.environment.random.next() * BACKOFF_MS * 2 ** Math.min(fortune.losses, 4));
  }

  private async attempt<T>(
    task: Task<T>,
    remainingMs: number,
    fortune: Fortune,
  ): Promise<{ readonly value: T; readonly replica: Replica }> {
    const now = this.core.environment.clock.now();
    // Work on a head that another writer is about to replace would be lost.
    const settled = fortune.losses > 0 || this.core.pace.contended(this.braneId);
    const options = { label: task.label, deadlineMs: remainingMs, maxRetries: 0, settled };
    return this.core.store.transact(options, async (tx) => {
      const head = await tx.get('heads', [this.braneId]);
      if (!head) throw fail('brane.not_found', { brane_id: this.braneId });
      this.met = { epoch: head.epoch, seq: head.seq };
      if (this.turn.bars(head.turn)) throw new TurnTaken();
      const replica = await this.replicaAt(tx, head);
      const prototypes = new StoredPrototypes(tx, this.core.versions);
      const load = new Loader(tx, this.braneId, replica, prototypes);
      const at = this.entryTime(head, now);
      const { rekeyedAtOnce = LIMITS.rekeyed_objects_per_op } = this.core;
      const step = await task.body({ tx, head, replica, load, at, rekeyedAtOnce });
      if (step.head) tx.put('heads', withoutTurn(step.head));
      else if (head.turn?.writer === this.core.writerId) tx.put('heads', withoutTurn(head));
      await step.finally?.();
      return { value: step.value, replica };
    });
  }

  private async replicaAt(tx: Transaction, head: HeadDoc): Promise<Replica> {
    const replica = this.core.replicas.take(this.braneId, head);
    this.metOthers = replica.seq < head.seq;
    if (await catchUp(tx, replica, head)) return replica;
    const fresh = this.core.replicas.restart(this.braneId, head);
    fresh.standOn(head);
    return fresh;
  }

  private entryTime(head: HeadDoc, now: number): string {
    const skew = Date.parse(head.at) - now;
    if (skew > SKEW_MS) this.core.metrics?.clockSkew?.(this.braneId, skew);
    return skew > 0 ? head.at : new Date(now).toISOString();
  }

  /** Puts this writer's marker into the head, unless another's stands there (SYNC L5). A transaction that is as short as can be. */
  private async claimTurn(braneId: BraneId, remainingMs: number): Promise<void> {
    const turn = { writer: this.core.writerId, mark: this.core.nextMark() };
    try {
      const options = { label: 'commit.turn', deadlineMs: remainingMs, maxRetries: TURN_RETRIES };
      await this.core.store.transact(options, async (tx) => {
        const head = await tx.get('heads', [braneId]);
        if (head && this.mayClaim(braneId, head)) tx.put('heads', { ...head, turn });
      });
      this.core.metrics?.turnClaimed?.(braneId);
    } catch (error) {
      // Without the turn the writer competes as before; a store that is away says so to the next attempt.
      if (!(error instanceof StoreError)) throw error;
    }
  }

  /** Of another brane nothing is remembered: a marker that stands there is left alone. */
  private mayClaim(braneId: BraneId, head: HeadDoc): boolean {
    if (braneId === this.braneId) return !this.turn.bars(head.turn);
    return head.turn === undefined || head.turn.writer === this.core.writerId;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.core.environment.timers.set(ms, resolve));
  }
}
