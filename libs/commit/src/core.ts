import type { CommitterDeps } from './deps';
import { Pace } from './pace';
import { VersionCache } from './prototypes/version-cache';
import { REPLICA_BYTES, ReplicaCache } from './replica-cache';

/** What all parts of one committer share. */
export interface Core extends CommitterDeps {
  readonly replicas: ReplicaCache;
  readonly pace: Pace;
  readonly versions: VersionCache;
  /** Numbers this writer's turn markers, over all branes (SYNC L5). */
  readonly nextMark: () => number;
}

export function createCore(deps: CommitterDeps): Core {
  let marks = 0;
  return {
    ...deps,
    replicas: new ReplicaCache(deps.replicaBytes ?? REPLICA_BYTES),
    pace: new Pace(),
    versions: new VersionCache(),
    nextMark: () => {
      marks += 1;
      return marks;
    },
  };
}
