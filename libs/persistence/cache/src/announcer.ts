import { type Bus, channels } from '@state-server/messaging-port';
import type { Changes } from '@state-server/persistence-port';
import { encodeChanges } from './notices';
import type { RedisTier } from './redis-tier';

/** How long Redis remembers how far a document has come, ms: longer than any entry of it lives. */
const FENCE_LIFE_MS = 600_000;
/** Of a document that was deleted, or of which nobody knows: a place that compares with no version. */
const NOWHERE = { epoch: '?', seq: 0 } as const;

/** Tells the caches of other processes what this one has committed. Nothing waits for it, and it may be lost. */
export function createAnnouncer(deps: {
  readonly bus: Pick<Bus, 'publish'>;
  readonly redis?: RedisTier;
}): (changes: Changes) => void {
  return (changes) => {
    deps.bus.publish(channels.changes, encodeChanges(changes));
    // What a head fences is judged by the head each time; a document has only its version.
    for (const place of changes.places) {
      if (place.epoch === '') void deps.redis?.fence(place.scope, place, FENCE_LIFE_MS);
    }
    for (const scope of changes.doubtful) {
      void deps.redis?.fence(scope, { scope, ...NOWHERE }, FENCE_LIFE_MS);
    }
  };
}
