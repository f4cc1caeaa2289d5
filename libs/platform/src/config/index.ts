export { cacheChoice, type CacheConfig } from './cache-fields';
export {
  commonFields,
  commonRules,
  originFields,
  type ServiceConfig,
  type ServiceDefaults,
  tokenFields,
} from './common-fields';
export {
  type ConfigOf,
  type ConfigRule,
  type ConfigSchema,
  defineConfig,
  type FieldTable,
} from './define-config';
export { type AppConfig, renderEnvExample } from './env-example';
export * from './field';
export { ConfigError, loadConfig, type LoadOptions } from './load-config';
export { type StoreChoice, storeChoice, type StoreConfig, storeFields, storeRules } from './store-fields';
