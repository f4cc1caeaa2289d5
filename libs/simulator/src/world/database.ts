import { createMemoryKv, type MemoryKv } from '@state-server/persistence-memory';
import { StoreError } from '@state-server/persistence-port';
import {
  type KvChanges,
  KvConflict,
  type KvEntry,
  type KvKey,
  KvOutcomeUnknown,
  type KvRangeOptions,
  type KvTransaction,
  type MaybePromise,
  type OrderedKv,
} from '@state-server/persistence-records';
import type { Coverage } from '../coverage';
import type { Dice } from '../kernel/dice';
import type { Scheduler } from '../kernel/scheduler';
import { never, type SimProcess } from '../kernel/sim-process';
import type { Weather } from './weather';

type MemoryKvTransaction = ReturnType<MemoryKv['begin']>;

/** What becomes of one commit. `late`: nobody knows, and it happens after all. */
type Fate = 'made' | 'conflict' | 'unknown_made' | 'unknown_lost' | 'late';

export interface DatabaseOptions {
  readonly isolation: 'weak' | 'strict';
  /** Whether a commit may fail without saying whether it happened. */
  readonly outcomeCanBeUnknown: boolean;
}

/**
 * The one database, as every process reaches it: over a way that takes time, loses answers, and goes on when the process
 * that asked is gone. What it holds is durable at once.
 */
export class Database {
  /** Without delays and faults: for those who watch. */
  readonly kv: MemoryKv;
  /** Told in the very event in which a commit becomes durable, before anybody else can know. */
  onDurable: (label: string) => Promise<void> = () => Promise.resolve();

  constructor(
    readonly scheduler: Scheduler,
    readonly dice: Dice,
    readonly options: DatabaseOptions,
    readonly weather: Weather['store'],
    readonly coverage: Coverage,
  ) {
    this.kv = createMemoryKv({ isolation: options.isolation });
  }

  connect(process: SimProcess): OrderedKv {
    return {
      kind: 'simulated',
      outcomeCanBeUnknown: this.options.outcomeCanBeUnknown,
      begin: () => this.begin(process),
      check: () => (this.weather.away ? Promise.reject(away()) : Promise.resolve()),
      close: () => Promise.resolve(),
    };
  }

  private begin(process: SimProcess): MaybePromise<KvTransaction> {
    if (!process.effect()) return never();
    if (this.weather.away) {
      this.coverage.count('store_away');
      return process.answer(this.dice.between(0, 20), 'store.away', () => {
        throw away();
      });
    }
    const open = (): KvTransaction => new SimTransaction(this, process, this.kv.begin());
    if (!this.dice.chance(this.weather.slow)) return open();
    return process.answer(this.dice.between(0, this.weather.slowMs), 'store.begin', open);
  }

  fate(): Fate {
    const { dice, weather } = this;
    if (dice.chance(weather.conflict)) return 'conflict';
    if (!this.options.outcomeCanBeUnknown || !dice.chance(weather.unknown)) return 'made';
    return dice.of('unknown_made', 'unknown_lost', 'late');
  }

  /** From here to there, ms. */
  wayMs(): number {
    const { dice, weather } = this;
    if (!dice.chance(weather.slow)) return dice.between(0.1, 2);
    // Now and then longer than anybody waits.
    return weather.slowMs > 50 && dice.chance(0.02)
      ? dice.between(4_000, 9_000)
      : dice.between(0, weather.slowMs * 4);
  }
}

function away(): StoreError {
  return new StoreError('unavailable', 'the simulated store is away');
}

class SimTransaction implements KvTransaction {
  private state: 'open' | 'committing' | 'ended' = 'open';

  constructor(
    private readonly database: Database,
    private readonly process: SimProcess,
    private readonly inner: MemoryKvTransaction,
  ) {}

  get(key: KvKey): MaybePromise<Uint8Array | undefined> {
    return this.reading(() => this.inner.get(key));
  }

  range(start: KvKey, end: KvKey, options: KvRangeOptions): MaybePromise<readonly KvEntry[]> {
    return this.reading(() => this.inner.range(start, end, options));
  }

  commit(changes: KvChanges): Promise<void> {
    const { database, process } = this;
    if (!process.effect()) return never();
    if (this.state !== 'open')
      return Promise.reject(new StoreError('unavailable', 'the transaction has ended'));
    this.state = 'committing';
    const fate = database.fate();
    return new Promise((resolve, reject) => {
      const answer = (error: Error | undefined): void => {
        this.state = 'ended';
        process.after(database.wayMs(), 'store.answer', () => {
          if (error) reject(error);
          else resolve();
        });
      };
      const request = { ...changes, guards: [...changes.guards], writes: new Map(changes.writes) };
      // The database does this, whatever has become of the process meanwhile.
      const decide = (): void => void this.decide(request, fate, answer);
      database.scheduler.after(database.wayMs(), 'store.commit', decide);
      // It is on its way, and its sender may be gone by now.
      process.effect('commit sent');
    });
  }

  abandon(): 'stopped' | 'running' {
    const { state } = this;
    if (state === 'committing') return 'running';
    this.state = 'ended';
    void this.inner.abandon();
    return 'stopped';
  }

  private reading<T>(read: () => MaybePromise<T>): MaybePromise<T> {
    const { database, process } = this;
    if (!process.effect()) return never();
    if (this.state !== 'open') throw new StoreError('unavailable', 'the transaction has ended');
    if (database.weather.away) throw away();
    if (!database.dice.chance(database.weather.slow)) return read();
    return process.answer(
      database.dice.between(0, database.weather.slowMs),
      'store.read',
      read,
    ) as Promise<T>;
  }

  private async decide(changes: KvChanges, fate: Fate, answer: (error?: Error) => void): Promise<void> {
    const { database, process } = this;
    const { coverage } = database;
    if (database.weather.away) {
      answer(away());
      return;
    }
    switch (fate) {
      case 'conflict':
        coverage.count('injected_conflicts');
        answer(new KvConflict());
        return;
      case 'unknown_lost':
        coverage.count('unknown_outcomes');
        answer(new KvOutcomeUnknown());
        return;
      case 'late':
        coverage.count('unknown_outcomes');
        answer(new KvOutcomeUnknown());
        database.scheduler.after(database.dice.between(0, 15), 'store.late', () => {
          void this.apply(changes).then((error) => error || coverage.count('late_durable'));
        });
        return;
      case 'made':
      case 'unknown_made': {
        const error = await this.apply(changes);
        if (!process.alive && !error) coverage.count('crashes_in_commit');
        if (error || fate === 'made') {
          answer(error);
          return;
        }
        coverage.count('unknown_outcomes');
        coverage.count('unknown_but_durable');
        answer(new KvOutcomeUnknown());
        return;
      }
      default:
        fate satisfies never;
    }
  }

  private async apply(changes: KvChanges): Promise<Error | undefined> {
    try {
      await this.inner.commit(changes);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    await this.database.onDurable(changes.label);
    return undefined;
  }
}
