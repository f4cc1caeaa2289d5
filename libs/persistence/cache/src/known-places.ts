import { LRUCache } from 'lru-cache';
import type { Demand, Place } from '@state-server/persistence-port';

/** Scopes of which a process remembers where they stand; one that is forgotten is asked for again. */
const MAX_SCOPES = 20_000;
/** Lives are shortened by up to this share, so that what was read together is not asked for together again. */
export const JITTER = 0.2;

interface Known {
  epoch: string;
  seq: number;
  /** Monotonic ms: at some time since then it stood exactly there; -Infinity when nobody can say. */
  asOf: number;
  /** Monotonic ms: until then it is taken to stand there still. */
  trustedUntil: number;
  /** Monotonic ms: what was read by whoever began before says nothing of where it stands now. */
  notBefore: number;
}

/**
 * - `current`: it may be served; - `unsure`: it may be, if the store says that its scope still stands there;
 * - `old`: something newer is known, it is never served again.
 */
export type Verdict = 'current' | 'unsure' | 'old';

/**
 * Where the scopes stand, as far as this process knows: from what it read, from its own commits, from what it was told. It
 * is the fence of the cache: a place only moves forward, however late and in whatever order the news come.
 */
export class KnownPlaces {
  private readonly known = new LRUCache<string, Known>({ max: MAX_SCOPES });

  constructor(
    private readonly staleMs: number,
    private readonly random: () => number,
  ) {}

  /** What becomes of something read at that place, for somebody who asked for it then (monotonic ms). */
  judge(place: Place, demand: Demand, asked: number): Verdict {
    const known = this.known.get(place.scope);
    if (known?.epoch !== place.epoch || place.seq > known.seq) return 'unsure';
    if (place.seq < known.seq) return 'old';
    if (known.asOf >= asked) return 'current';
    return known.trustedUntil > asked && covers(demand, place) ? 'current' : 'unsure';
  }

  /** The store said so to somebody who began to read then. False when something newer is known. */
  learn(place: Place, began: number): boolean {
    const known = this.known.get(place.scope);
    if (!known) {
      this.known.set(place.scope, this.trusted(place, began, began));
      return true;
    }
    if (known.epoch !== place.epoch) {
      if (began < known.notBefore) return false;
      this.known.set(place.scope, this.trusted(place, began, began));
      return true;
    }
    const isNewest = place.seq >= known.seq;
    if (isNewest) known.seq = place.seq;
    if (began >= known.notBefore && began > known.asOf) {
      // If it has moved on since, this process knows where to, and it stood there later than it stood where it was read.
      Object.assign(known, this.trusted({ ...place, seq: known.seq }, began, known.notBefore));
    }
    return isNewest;
  }

  /** A commit went so far. It says nothing of what came after. True when that is news. */
  hear(place: Place, now: number): boolean {
    const known = this.known.get(place.scope);
    if (!known) {
      const { epoch, seq } = place;
      this.known.set(place.scope, { epoch, seq, ...UNTRUSTED, notBefore: now });
      return true;
    }
    if (known.epoch !== place.epoch) {
      Object.assign(known, UNTRUSTED, { notBefore: now });
      return true;
    }
    if (place.seq <= known.seq) return false;
    known.seq = place.seq;
    return true;
  }

  /** Nobody can say where it stands: the next who wants to know asks the store. */
  doubt(scope: string, now: number): void {
    const known = this.known.get(scope);
    if (known) Object.assign(known, UNTRUSTED, { notBefore: now });
  }

  /** Ms since it certainly stood there. */
  ageMs(scope: string, now: number): number {
    return now - (this.known.get(scope)?.asOf ?? now);
  }

  private trusted({ epoch, seq }: Place, began: number, notBefore: number): Known {
    const trustedUntil = began + this.staleMs * (1 - JITTER * this.random());
    return { epoch, seq, asOf: began, trustedUntil, notBefore };
  }
}

const UNTRUSTED = { asOf: Number.NEGATIVE_INFINITY, trustedUntil: Number.NEGATIVE_INFINITY } as const;

/** Whether somebody with this demand may be answered with that place, however old it is. */
function covers(demand: Demand, place: Place): boolean {
  if (demand === 'trusted') return true;
  if (demand === 'latest') return false;
  return demand.some((seen) => seen.epoch === place.epoch && seen.epoch !== '' && seen.seq <= place.seq);
}
