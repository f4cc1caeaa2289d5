import type { Environment } from '@state-server/domain';
import { StoreError } from '@state-server/persistence-port';
import type { KvConflict, KvTransaction, OrderedKv } from './ordered-kv';
import { RecordTransaction, type Writing } from './record-transaction';

export function outOfTime(label: string): StoreError {
  return new StoreError('deadline', `${label} ran out of time and was not committed`);
}

export function outcomeUnknown(label: string, cause?: unknown): StoreError {
  return new StoreError('outcome_unknown', `${label} may have been committed: nobody could say in time`, {
    cause,
  });
}

export interface Attempt {
  readonly kv: KvTransaction;
  readonly records: RecordTransaction;
}

export interface AttemptOptions {
  readonly label: string;
  readonly ms: number;
  /** Absent for an attempt that only reads. */
  readonly writing?: Writing;
  /** See TransactOptions. */
  readonly settled?: boolean;
  /** See KvBeginOptions. */
  readonly after?: KvConflict | undefined;
}

/**
 * Gives `body` a snapshot for at most `ms`. After that the caller hears `deadline`, or `outcome_unknown` where a
 * commit could not be stopped, and whatever goes on in `body` reads and changes nothing more.
 */
export async function withinTime<R>(
  kv: OrderedKv,
  environment: Environment,
  { label, ms, writing, settled = false, after }: AttemptOptions,
  body: (attempt: Attempt) => Promise<R>,
): Promise<R> {
  if (ms <= 0) throw outOfTime(label);
  const { timers } = environment;
  let attempt: Attempt | undefined;
  let late: StoreError | undefined;

  const run = async (): Promise<R> => {
    const snapshot = await kv.begin({ settled, readOnly: writing === undefined, after });
    attempt = { kv: snapshot, records: new RecordTransaction(snapshot, writing) };
    if (late) {
      snapshot.abandon();
      throw late;
    }
    return body(attempt);
  };
  const stop = (): StoreError => {
    late = attempt?.kv.abandon() === 'running' ? outcomeUnknown(label) : outOfTime(label);
    attempt?.records.end(late);
    return late;
  };

  let expire: (error: StoreError) => void = () => undefined;
  const expiry = new Promise<never>((_, reject) => {
    expire = reject;
  });
  const timer = timers.set(ms, () => expire(stop()));
  try {
    return await Promise.race([run(), expiry]);
  } finally {
    timers.clear(timer);
    attempt?.records.end(new Error(`the transaction ${label} has ended`));
    attempt?.kv.abandon();
  }
}
