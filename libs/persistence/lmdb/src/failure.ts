/** After these, LMDB answers nothing more in this process; the data on disk is as the last commit left it. */
const FATAL = /MDB_PANIC|MDB_CORRUPTED|MDB_PAGE_NOTFOUND|MDB_BAD_RSLOT|MDB_VERSION_MISMATCH|MDB_INVALID/;

export function isFatal(error: Error): boolean {
  return FATAL.test(error.message);
}

/**
 * LMDB's bookkeeping of free pages can lose its way while a commit is prepared, when several processes write by turns
 * (docs/decisions/0007). The commit is then aborted before a byte is written; the next attempt reads
 * the free pages anew and succeeds.
 */
const PASSING = /MDB_BAD_TXN|MDB_BAD_VALSIZE|MDB_NOTFOUND|MDB_PROBLEM/;

export function isPassing(reason: unknown): boolean {
  return reason instanceof Error && PASSING.test(reason.message);
}

export function describeFailure(error: Error): string {
  return `the store could not do it, and nothing was written: ${error.message}`;
}

/**
 * A failed commit rejects with words that say nothing and a second promise with the reason (`commitError`), which
 * would be an unhandled rejection. Answers the reason.
 */
export async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}
