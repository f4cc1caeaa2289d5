/** Who answered: this process, Redis, or the store. */
export type Tier = 'local' | 'redis';

/** What the cache says about itself. */
export interface CacheMetrics {
  /** @param ageMs since when nobody has looked whether it is still so */
  readonly hit: (tier: Tier, ageMs: number) => void;
  /** The store was read. `absent`: and it was not there. */
  readonly miss: (outcome: 'found' | 'absent') => void;
  /** The store was asked where a scope stands. */
  readonly asked: () => void;
  /** An entry that is known to be old was dropped, or a commit was heard of. */
  readonly invalidated: () => void;
  /** A late writer came with something older than what is there. */
  readonly refused: (tier: Tier) => void;
  /** Room was made for others. */
  readonly evicted: () => void;
}

export const NO_METRICS: CacheMetrics = {
  hit: () => undefined,
  miss: () => undefined,
  asked: () => undefined,
  invalidated: () => undefined,
  refused: () => undefined,
  evicted: () => undefined,
};
