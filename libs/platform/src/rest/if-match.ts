import { fail, parseIfMatch, toETag } from '@state-server/protocol';

/**
 * If-Match against the version that is current (RFC 9110, 13.1.1: strong comparison). Answers the version to which the
 * write is then tied, or undefined when it is tied to none. Throws `precondition.failed`.
 */
export function ifMatch(header: string | undefined, currentVersion: number): number | undefined {
  if (header === undefined) return undefined;
  const wanted = parseIfMatch(header);
  if (wanted === 'any') return undefined;
  if (wanted?.includes(currentVersion) !== true) {
    throw fail('precondition.failed', { current: toETag(currentVersion) });
  }
  return currentVersion;
}
