export * from './config';
export { DeadlineError, withDeadline } from './deadline';
export { type Check, type CheckState, Health } from './health/health';
export * from './http';
export * from './log';
export * from './metrics';
export { realEnvironment } from './real-environment';
export * from './rest';
export * from './service';
