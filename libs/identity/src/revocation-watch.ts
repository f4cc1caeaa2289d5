import type { Environment, TimerHandle } from '@state-server/domain';
import { type Bus, channels, type Subscription } from '@state-server/messaging-port';
import type { Key, RangeOptions, RevocationDoc, Store } from '@state-server/persistence-port';
import type { CheckState, Logger } from '@state-server/platform';
import { toTime } from './identity';
import { readRevocation } from './revocation-messages';
import { RevocationSet } from './revocation-set';
import type { Revocations, RevocationSubject } from './revocations';

export interface RevocationWatchOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly environment: Environment;
  readonly log: Logger;
  /** Milliseconds between two looks at the store; default 1,500, so that 2 s hold without the bus (SYNC F2). */
  readonly pollMs?: number;
}

export interface RevocationWatch extends Revocations {
  /** For readiness. */
  state(): CheckState;
  /** Live revocations in memory. */
  readonly size: number;
  close(): Promise<void>;
}

/** A look at the new ones goes back so far: writers' clocks differ, and a record is durable later than its time says. */
const OVERLAP_MS = 60_000;
/** Between two looks at all that live, whatever their time. */
const WHOLE_MS = 30_000;
const PAGE = 500;
const READ_MS = 1_000;
/** Without a look for so long the service says that it is not well. */
const UNWELL_MS = 5_000;

/** Starts to hold the live revocations in memory: listens first, then reads, so that none falls between. */
export async function createRevocationWatch(options: RevocationWatchOptions): Promise<RevocationWatch> {
  const watch = new Watch(options);
  await watch.start();
  return watch;
}

class Watch implements RevocationWatch {
  private readonly known = new RevocationSet();
  private readonly listeners = new Set<() => void>();
  private subscription: Subscription | undefined;
  private timer: TimerHandle | undefined;
  private closed = false;
  private failing = false;
  /** Monotonic ms at the beginning of the last look that succeeded, at new ones and at all. */
  private seenAt = Number.NEGATIVE_INFINITY;
  private wholeAt = Number.NEGATIVE_INFINITY;
  /** Wall-clock ms of that look. */
  private seenUpTo = 0;

  constructor(private readonly options: RevocationWatchOptions) {}

  get size(): number {
    return this.known.size;
  }

  async start(): Promise<void> {
    this.subscription = await this.options.bus.subscribe(channels.revocations, (payload) => {
      const revocation = readRevocation(payload);
      if (revocation) this.take([revocation]);
      else this.options.log.warn('revocation.message_invalid', { bytes: payload.byteLength });
    });
    await this.look();
  }

  isRevoked(subject: RevocationSubject): boolean {
    return this.known.has(subject);
  }

  onRevoked(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  staleMs(): number {
    return this.options.environment.clock.monotonic() - this.seenAt;
  }

  state(): CheckState {
    return this.staleMs() > UNWELL_MS
      ? { status: 'unavailable', message: 'Revocations cannot be read.' }
      : { status: 'ok' };
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== undefined) this.options.environment.timers.clear(this.timer);
    this.listeners.clear();
    await this.subscription?.unsubscribe();
  }

  /** One look at the store, then the next is due. Never rejects. */
  private async look(): Promise<void> {
    const { environment, log, pollMs = 1_500 } = this.options;
    const { clock } = environment;
    const [began, now] = [clock.monotonic(), clock.now()];
    try {
      if (began - this.wholeAt >= WHOLE_MS) {
        await this.read(
          { index: 'by_expiry', prefix: [], limit: PAGE },
          [toTime(now)],
          ({ expires_at }) => expires_at,
        );
        this.wholeAt = began;
        this.known.prune(now);
      } else {
        const since = Math.min(now, this.seenUpTo) - OVERLAP_MS;
        await this.read({ index: 'by_time', prefix: [], limit: PAGE }, [toTime(since)], ({ at }) => at);
      }
      this.seenAt = began;
      this.seenUpTo = now;
      if (this.failing) log.info('revocation.poll_recovered');
      this.failing = false;
    } catch (error) {
      if (!this.failing) log.warn('revocation.poll_failed', { err: error });
      this.failing = true;
    }
    if (!this.closed) this.timer = environment.timers.set(pollMs, () => void this.look());
  }

  private async read(
    range: RangeOptions<'revocations'>,
    from: Key,
    timeOf: (doc: RevocationDoc) => string,
  ): Promise<void> {
    for (let after: Key = from; ;) {
      const found = await this.options.store.read({ label: 'revocation.poll', deadlineMs: READ_MS }, (tx) =>
        tx.range('revocations', { ...range, gt: after }),
      );
      this.take(found);
      const last = found.at(-1);
      if (!last || found.length < PAGE) return;
      after = [timeOf(last), last.kind, last.value];
    }
  }

  private take(revocations: readonly RevocationDoc[]): void {
    const added = revocations.map((revocation) => this.known.add(revocation));
    if (!added.includes(true)) return;
    for (const listener of this.listeners) {
      try {
        listener();
      } catch (error) {
        this.options.log.error('revocation.listener_failed', { err: error });
      }
    }
  }
}
