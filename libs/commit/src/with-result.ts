import type { Transaction } from '@state-server/persistence-port';
import type { AlsoWrite, Committed } from './committer';

/**
 * Commits, and makes the caller's result inside the very transaction: it tells what the commit left, and is the same
 * that `also` may store with it. `make` and `also` may run several times; what the last run made is answered.
 */
export async function withResult<T>(
  commit: (also: AlsoWrite) => Promise<unknown>,
  make: (tx: Transaction, outcome: Committed) => Promise<T>,
  also?: (tx: Transaction, result: T) => Promise<void>,
): Promise<T> {
  let last: { readonly result: T } | undefined;
  const made = (): T => {
    if (!last) throw new Error('the committer did not call its hook');
    return last.result;
  };
  await commit(async (tx, outcome) => {
    last = { result: await make(tx, outcome) };
    await also?.(tx, last.result);
  });
  return made();
}
