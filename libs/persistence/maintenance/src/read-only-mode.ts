import type { Environment } from '@state-server/domain';
import { type ReadTransaction, type Store, StoreError } from '@state-server/persistence-port';

/** Key of the `meta` record that says that nobody may write; there is none while everybody may. */
export const READ_ONLY_KEY = 'read_only';

export interface ReadOnlyFlag {
  /** RFC 3339. */
  readonly since: string;
  /** For people: why nothing can be changed. */
  readonly reason: string;
  /** New each time that the store is closed to writers: what was read under one flag holds until that flag goes. */
  readonly token: string;
  /** Set once nobody can write any more who had begun before. */
  readonly settled?: true;
}

/**
 * Milliseconds that a transaction may live in a database where the flag is not guarded (MongoDB: its server ends it after
 * transactionLifetimeLimitSeconds, 60 unless set), and some more.
 */
export const WRITER_LIFETIME_MS = 65_000;

const LABEL = { label: 'store.read_only' } as const;

export async function flagIn(tx: ReadTransaction): Promise<ReadOnlyFlag | undefined> {
  const found = await tx.get('meta', [READ_ONLY_KEY]);
  // Written by `closeToWriters` alone.
  return found?.value as ReadOnlyFlag | undefined;
}

/** Whether the store is closed to writers at this moment, and why. */
export const readOnlyFlag = (store: Store): Promise<ReadOnlyFlag | undefined> => store.read(LABEL, flagIn);

export interface CloseOptions {
  readonly reason: string;
  /** Instead of WRITER_LIFETIME_MS, where transactions may live longer or do not live that long. */
  readonly writerLifetimeMs?: number;
  /** Told once, when there is something to wait for. */
  readonly onWait?: (ms: number) => void;
}

/**
 * Sets the flag, and answers when nobody can write any more, whatever became of processes that had begun to: from then on
 * the content of the store stays as it is. A store that is closed already keeps its flag. `store` is not gated itself.
 */
export async function closeToWriters(
  store: Store,
  environment: Environment,
  options: CloseOptions,
): Promise<ReadOnlyFlag> {
  const fresh: ReadOnlyFlag = {
    since: new Date(environment.clock.now()).toISOString(),
    reason: options.reason,
    token: environment.ids.uuid(),
  };
  const flag = await store.transact(LABEL, async (tx) => {
    const present = await flagIn(tx);
    if (!present) tx.put('meta', { key: READ_ONLY_KEY, value: fresh });
    return present ?? fresh;
  });
  if (flag.settled) return flag;
  // Where writers guard the flag, they lost at the moment it was written.
  if (store.guarding !== 'validated') {
    const ms = options.writerLifetimeMs ?? WRITER_LIFETIME_MS;
    options.onWait?.(ms);
    await new Promise<void>((resolve) => void environment.timers.set(ms, resolve));
  }
  const settled: ReadOnlyFlag = { ...flag, settled: true };
  await store.transact(LABEL, async (tx) => {
    const present = await flagIn(tx);
    if (present?.token !== flag.token) throw new Error('the store was opened to writers meanwhile');
    tx.put('meta', { key: READ_ONLY_KEY, value: settled });
  });
  return settled;
}

/** Takes the flag away. Answers whether there was one. */
export function openToWriters(store: Store): Promise<boolean> {
  return store.transact(LABEL, async (tx) => {
    const present = await flagIn(tx);
    if (present) tx.delete('meta', [READ_ONLY_KEY]);
    return present !== undefined;
  });
}

export function refusedBy({ reason, since }: ReadOnlyFlag): StoreError {
  return new StoreError('read_only', `the store is read-only since ${since}: ${reason}`);
}
