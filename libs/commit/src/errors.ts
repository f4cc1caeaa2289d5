import { fail, StateError } from '@state-server/protocol';
import { StoreError } from '@state-server/persistence-port';

/**
 * A store's error as the row of the error table that a client may see. A deadline is never a refusal (SYNC L2): the
 * record of the op id tells later what became of it.
 */
export function fromStoreError(error: StoreError): StateError {
  const options = { cause: error };
  switch (error.code) {
    case 'conflict':
      return fail('commit.conflict', undefined, undefined, options);
    case 'deadline':
    case 'outcome_unknown':
      return fail('commit.outcome_unknown', undefined, undefined, options);
    case 'too_large':
      return fail('edit.too_large', undefined, undefined, options);
    case 'unavailable':
    case 'format':
      return fail('dependency.unavailable', undefined, undefined, options);
    case 'read_only':
      return fail('store.read_only', undefined, undefined, options);
    case 'corrupt':
      return fail('internal', undefined, undefined, options);
    default:
      return error.code satisfies never;
  }
}

/** StoreErrors become StateErrors; other errors stay what they are. */
export function toCommitError(error: unknown): Error {
  if (error instanceof StoreError) return fromStoreError(error);
  return error instanceof Error
    ? error
    : new Error('something was thrown that is no error', { cause: error });
}

/** The same for reads, where out of time means just that: nothing was to be written. */
export async function withReadErrors<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    throw toReadError(error);
  }
}

/** The same for a read that may answer at once: throws then, and rejects otherwise. */
export function readErrorsOf<T>(read: () => T | Promise<T>): T | Promise<T> {
  try {
    const answer = read();
    return answer instanceof Promise ? withReadErrors(answer) : answer;
  } catch (error) {
    throw toReadError(error);
  }
}

function toReadError(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  return error.code === 'deadline' || error.code === 'outcome_unknown' || error.code === 'conflict'
    ? fail('dependency.unavailable', undefined, undefined, { cause: error })
    : fromStoreError(error);
}

/** A record that failed its checksum was met (SYNC P3). */
export function isCorrupt(error: unknown): boolean {
  const cause = error instanceof StateError ? error.cause : error;
  return cause instanceof StoreError && cause.code === 'corrupt';
}
