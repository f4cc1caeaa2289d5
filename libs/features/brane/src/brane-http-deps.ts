import type { Environment } from '@state-server/domain';
import type { Reads } from '@state-server/commit';
import type { BraneDeps } from './brane-writer';

/** Injection token for what the brane doors work with. */
export const BRANE_DEPS = Symbol('BRANE_DEPS');

export interface BraneHttpDeps extends BraneDeps, Reads {
  readonly environment: Environment;
  /** Tells those who work operations off that there is a new one; without it they find it by themselves. */
  readonly poke?: () => void;
}
