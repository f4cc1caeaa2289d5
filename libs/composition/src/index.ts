export { announceWrites, openCache, type OpenedCache } from './open-cache';
export { openBus } from './open-bus';
export { openLimiter } from './open-limiter';
export { openMailer, type MailSettings } from './open-mailer';
export { openCommitter, type OpenCommitterOptions } from './open-committer';
export { openStore, type ServiceStore } from './open-store';
export { openOtherIssuers } from './open-other-issuers';
export { openVerifier, type TokenConfig } from './open-verifier';
