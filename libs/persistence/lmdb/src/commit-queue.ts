import { StoreError } from '@state-server/persistence-port';
import { KvConflict, STAMP_BYTES, type KvChanges, type KvKey } from '@state-server/persistence-records';
import type { LmdbDatabase } from './environment-file';
import { isPassing, reasonOf } from './failure';

/** Bounds of one batch: while it is applied, it holds the machine's one writer lock and this process's event loop. */
const MAX_BATCH_JOBS = 256;
const MAX_BATCH_BYTES = 4_000_000;
/** How often one batch is handed to LMDB before those who wait for it are told that it failed. */
const MAX_ATTEMPTS = 4;

/** A value as the snapshot held it; only its stamp is looked at. */
export interface Expected {
  readonly key: KvKey;
  readonly value: Uint8Array | undefined;
}

/** waiting: nothing has happened yet; taken: it conflicted or is in a transaction that may be durable; withdrawn: it will not happen. */
type JobState = 'waiting' | 'taken' | 'withdrawn';

interface Job {
  readonly expected: readonly Expected[];
  readonly changes: KvChanges;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  state: JobState;
  /** Its writes are in an LMDB transaction that is, or may become, durable. */
  applied: boolean;
}

export interface CommitTicket {
  readonly done: Promise<void>;
  /** Takes the job back unless it is being committed already. */
  withdraw(): 'stopped' | 'running';
}

export interface CommitEvents {
  succeeded(): void;
  /** LMDB gave up for a reason of its own, and the batch is tried again. */
  repeated(reason: unknown, attempt: number): void;
  /** Answers what those who asked for the commit are told. */
  failed(reason: unknown): Error;
}

/**
 * Group commit: what is asked for while a commit is at the disk is validated and applied in the next one, and shares
 * its flush. One LMDB transaction at a time, in the order of arrival.
 */
export class CommitQueue {
  private readonly waiting: Job[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly database: LmdbDatabase,
    private readonly events: CommitEvents,
  ) {}

  add(expected: readonly Expected[], changes: KvChanges): CommitTicket {
    let withdraw: CommitTicket['withdraw'] = () => 'stopped';
    const done = new Promise<void>((resolve, reject) => {
      const job: Job = { expected, changes, resolve, reject, state: 'waiting', applied: false };
      withdraw = () => withdrawJob(job);
      this.waiting.push(job);
    });
    this.running ??= this.run();
    return { done, withdraw };
  }

  /** Resolves when nothing is waiting or being committed. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    try {
      for (let batch = this.nextBatch(); batch.length > 0; batch = this.nextBatch()) await this.commit(batch);
    } finally {
      this.running = undefined;
    }
  }

  private nextBatch(): readonly Job[] {
    let count = 0;
    let bytes = 0;
    for (const job of this.waiting) {
      if (count > 0 && (count >= MAX_BATCH_JOBS || bytes + job.changes.bytes > MAX_BATCH_BYTES)) break;
      count += 1;
      bytes += job.changes.bytes;
    }
    return this.waiting.splice(0, count);
  }

  private async commit(batch: readonly Job[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        // A child transaction, so that an error halfway leaves nothing of the batch.
        await this.database.childTransaction(() => {
          for (const job of batch) this.apply(job);
        });
        break;
      } catch (error) {
        const reason = await reasonOf(error);
        if (attempt < MAX_ATTEMPTS && isPassing(reason)) {
          this.events.repeated(reason, attempt);
          batch.forEach(takeBack);
          continue;
        }
        const failure = this.events.failed(reason);
        for (const job of batch) job.reject(failure);
        return;
      }
    }
    this.events.succeeded();
    for (const job of batch) {
      if (job.applied) job.resolve();
      else job.reject(new KvConflict());
    }
  }

  private apply(job: Job): void {
    if (job.state !== 'waiting') return;
    job.state = 'taken';
    for (const { key, value } of job.expected) {
      if (!sameStamp(value, this.database.getBinaryFast(key))) return;
    }
    job.applied = true;
    for (const [key, value] of job.changes.writes) {
      if (value) this.database.putSync(key, value as Buffer);
      else this.database.removeSync(key);
    }
  }
}

/** The transaction was aborted: what was applied is not there. */
function takeBack(job: Job): void {
  if (job.state === 'taken') job.state = 'waiting';
  job.applied = false;
}

function withdrawJob(job: Job): 'stopped' | 'running' {
  if (job.applied) return 'running';
  if (job.state === 'waiting') {
    job.state = 'withdrawn';
    job.reject(new StoreError('deadline', `${job.changes.label} was withdrawn before its commit`));
  }
  return 'stopped';
}

function sameStamp(seen: Uint8Array | undefined, current: Uint8Array | undefined): boolean {
  if (!seen || !current) return seen === current;
  for (let place = 0; place < STAMP_BYTES; place += 1) if (seen[place] !== current[place]) return false;
  return true;
}
