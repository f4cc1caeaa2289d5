export { announceWrites, openCache, type OpenedCache } from './open-cache';
export { openBus } from './open-bus';
export { openLimiter } from './open-limiter';
export { openCommitter, type OpenCommitterOptions } from './open-committer';
export { openStore, type ServiceStore } from './open-store';
export { openVerifier, type TokenConfig } from './open-verifier';
