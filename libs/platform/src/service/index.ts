export { EXIT, runService, type RunOptions } from './run-service';
export { createService, type Service, type ServiceOptions } from './service';
export { liveSetting, watchSecrets } from './watch-secrets';
