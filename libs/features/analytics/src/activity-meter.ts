import type { BraneId, Environment, PopularityActivity, TimerHandle, UserId } from '@state-server/domain';
import type { ActivityDoc, Store } from '@state-server/persistence-port';

/** What was counted is stored this long after the first of it, ms. */
const FLUSH_AFTER_MS = 5_000;
/** Somebody who joins a brane again within this time makes no second visit, ms. */
const VISIT_MS = 30 * 60_000;
/** Visits that are remembered for that, in this process. */
const REMEMBERED_VISITS = 20_000;
/** Branes of which counts are held while the store is away; what comes on top is not counted. */
const MAX_SUBJECTS = 10_000;
/** Documents of one transaction. */
const BATCH = 200;
const DEADLINE_MS = 4_000;

export interface ActivityMeterDeps {
  readonly store: Store;
  readonly environment: Environment;
  /** Counts could not be stored and are kept for the next time. Must not throw. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Counts visits and edits of branes in memory, and stores them a few seconds later for the popularity index. It is off
 * the path of every edit, and may lose those seconds when its process is killed: popularity is an estimate, no account.
 */
export class ActivityMeter {
  private counts = new Map<BraneId, PopularityActivity>();
  /** Of a flush whose outcome is not known: stored again as the same documents. */
  private unsure: readonly ActivityDoc[] = [];
  private readonly visits = new Map<string, number>();
  private timer: TimerHandle | undefined;
  private flushing: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly deps: ActivityMeterDeps) {}

  /** A user has joined a brane. */
  visited(braneId: BraneId, userId: UserId): void {
    const key = `${braneId}/${userId}`;
    const now = this.deps.environment.clock.monotonic();
    const last = this.visits.get(key);
    if (last !== undefined && now - last < VISIT_MS) return;
    this.visits.delete(key);
    this.visits.set(key, now);
    const [oldest] = this.visits.keys();
    if (this.visits.size > REMEMBERED_VISITS && oldest !== undefined) this.visits.delete(oldest);
    this.add(braneId, 1, 0);
  }

  /** Entries of a brane's log are durable. */
  edited(braneId: BraneId, entries: number): void {
    this.add(braneId, 0, entries);
  }

  /** Stores what was counted. Never rejects. */
  flush(): Promise<void> {
    this.flushing ??= this.store().finally(() => {
      this.flushing = undefined;
      if (this.unsure.length > 0 || this.counts.size > 0) this.schedule();
    });
    return this.flushing;
  }

  /** Stores the last counts. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== undefined) this.deps.environment.timers.clear(this.timer);
    this.timer = undefined;
    await this.flushing;
    await this.flush();
  }

  private add(braneId: BraneId, visits: number, edits: number): void {
    const before = this.counts.get(braneId);
    if (!before && this.counts.size >= MAX_SUBJECTS) return;
    this.counts.set(braneId, {
      visits: visits + (before?.visits ?? 0),
      edits: edits + (before?.edits ?? 0),
      instances: 0,
    });
    this.schedule();
  }

  private schedule(): void {
    if (this.closed || this.timer !== undefined) return;
    this.timer = this.deps.environment.timers.set(FLUSH_AFTER_MS, () => {
      this.timer = undefined;
      void this.flush();
    });
  }

  private async store(): Promise<void> {
    try {
      while (this.unsure.length > 0 || this.counts.size > 0) {
        if (this.unsure.length === 0) this.unsure = this.take();
        const documents = this.unsure;
        await this.deps.store.transact(
          { label: 'analytics.activity', deadlineMs: DEADLINE_MS },
          async (tx) => {
            for (const document of documents) tx.put('activity', document);
          },
        );
        this.unsure = [];
      }
    } catch (error) {
      this.deps.onFailure?.(error);
    }
  }

  /** The next documents, with ids of their own: the callback of a transaction may run several times. */
  private take(): readonly ActivityDoc[] {
    const { clock, ids } = this.deps.environment;
    const at = new Date(clock.now()).toISOString();
    const taken = [...this.counts].slice(0, BATCH);
    for (const [braneId] of taken) this.counts.delete(braneId);
    return taken.map(([subject, activity]) => ({ id: ids.uuid(), kind: 'brane', subject, at, ...activity }));
  }
}
