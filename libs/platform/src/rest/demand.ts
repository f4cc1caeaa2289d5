import type { Demand } from '@state-server/persistence-port';
import { HEADERS, parseStateSeq } from '@state-server/protocol';
import { headerOf, type RestRequest } from './read-request';

/** Places that are looked at in one request. */
const MAX_PLACES = 16;

/**
 * How new the answer to a read must be. `State-Seq` names the places that the client has seen, of several branes by comma
 * (SYNC R7); what cannot be read as that, and `Cache-Control: no-cache`, ask for the latest.
 */
export function demandOf(request: RestRequest): Demand {
  if (/\bno-(cache|store)\b/i.test(headerOf(request, 'cache-control') ?? '')) return 'latest';
  const header = headerOf(request, HEADERS.stateSeq);
  if (header === undefined) return 'trusted';
  const places = header.split(',', MAX_PLACES + 1).map((item) => parseStateSeq(item));
  return places.length <= MAX_PLACES && places.every((place) => place !== undefined) ? places : 'latest';
}
