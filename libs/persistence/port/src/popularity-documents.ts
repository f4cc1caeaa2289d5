/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/**
 * How much goes on at a brane or a prototype, with exponential decay. `level` is the logarithm of a sum that is carried
 * forward to a fixed day, so that time changes no document and no order.
 */
export interface PopularityDoc {
  readonly kind: 'brane' | 'prototype';
  readonly id: string;
  /** See domain `raiseLevel`. */
  readonly level: number;
  /** The level as an integer, for the index. */
  readonly rank: number;
  /** Everybody may see it; absent: only who may see it by other rights. Readers look again, this may be late. */
  readonly listed?: 'public';
  /** Ever counted. */
  readonly visits: number;
  readonly edits: number;
  readonly instances: number;
  readonly updated_at: Time;
}

/** What went on at one brane or prototype in a few seconds, to be added to its popularity once. */
export interface ActivityDoc {
  readonly id: string;
  readonly kind: PopularityDoc['kind'];
  readonly subject: string;
  readonly at: Time;
  readonly visits: number;
  readonly edits: number;
  readonly instances: number;
}
