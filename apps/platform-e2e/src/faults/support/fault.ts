import type { Random } from '@state-server/domain';
import { type FaultSystem } from './fault-system';
import { type Load } from './load';

export interface FaultContext {
  readonly system: FaultSystem;
  readonly load: Load;
  readonly random: Random;
  /** How long a fault that lasts is to last, ms. */
  readonly holdMs: number;
}

/**
 * One fault, for the torture: done and undone. Specs call `run` too, so that both try the same thing. It resolves when its
 * cause is gone; whether all is well again is for the load to say.
 */
export interface Fault {
  /** As in the line that is printed: `kill -9 of auth`. */
  readonly name: string;
  /** What it takes hold of (`redis`, a service's name, `store`): faults that share one are not done at a time; `everything`: alone. */
  readonly touches: readonly string[];
  /** What an SDK user may be shown because of it; default nothing. */
  readonly tolerates?: (complaint: string) => boolean;
  /** Codes of refusals of edits that it may cause; default none. */
  readonly refusals?: readonly string[];
  run(context: FaultContext): Promise<void>;
}
