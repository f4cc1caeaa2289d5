import { StateError, fail, parseIfMatch } from '@state-server/protocol';
import { type RestRequest, headerOf } from './read-request';

/**
 * The versions at which a write may go ahead: those that If-Match names (RFC 9110, 13.1.1: strong comparison) and the
 * body's `if_version`; undefined when it is tied to none. A header that names no version of ours matches nothing.
 */
export function wantedVersions(request: RestRequest, ifVersion?: number): readonly number[] | undefined {
  const header = headerOf(request, 'if-match');
  const parsed = header === undefined ? 'any' : (parseIfMatch(header) ?? []);
  if (parsed === 'any') return ifVersion === undefined ? undefined : [ifVersion];
  return ifVersion === undefined ? parsed : parsed.filter((version) => version === ifVersion);
}

/** Names a version that moved on after what the client sent: with If-Match it is `precondition.failed`. */
export async function underIfMatch<T>(request: RestRequest, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const conditional = headerOf(request, 'if-match') !== undefined;
    if (conditional && error instanceof StateError && error.code === 'object.version_mismatch') {
      throw fail('precondition.failed', error.details, undefined, { cause: error });
    }
    throw error;
  }
}
