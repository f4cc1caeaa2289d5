export { openBus } from './open-bus';
export { openCommitter, type OpenCommitterOptions } from './open-committer';
export { openStore } from './open-store';
export { openVerifier, type TokenConfig } from './open-verifier';
