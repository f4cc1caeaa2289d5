import type { Environment, TimerHandle } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { type ReadOnlyFlag, readOnlyFlag } from './read-only-mode';

/** Together with the read itself below the 2 s within which everybody is to know. */
const POLL_MS = 1_000;

export interface ReadOnlyWatch {
  /** As it was last seen; undefined while everybody may write. */
  readonly flag: ReadOnlyFlag | undefined;
  /** Calls back after it came, changed hands or went. Returns how to stop. */
  onChange(listener: (flag: ReadOnlyFlag | undefined) => void): () => void;
  close(): void;
}

/**
 * For telling people, not for refusing: that is done in each transaction. Asks the store itself, so it does not matter
 * whether Redis is there (SYNC F2). While the store is away, what was last seen stays.
 */
export function watchReadOnly(store: Store, { timers }: Pick<Environment, 'timers'>): ReadOnlyWatch {
  const listeners = new Set<(flag: ReadOnlyFlag | undefined) => void>();
  let flag: ReadOnlyFlag | undefined;
  let timer: TimerHandle | undefined;
  let isClosed = false;
  const look = async (): Promise<void> => {
    try {
      const found = await readOnlyFlag(store);
      const isSame = found?.token === flag?.token;
      flag = found;
      if (!isSame && !isClosed) for (const listener of listeners) listener(found);
    } catch {
      // The store is away, which others tell of.
    }
    if (!isClosed) timer = timers.set(POLL_MS, () => void look());
  };
  void look();
  return {
    get flag() {
      return flag;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      isClosed = true;
      if (timer !== undefined) timers.clear(timer);
    },
  };
}
