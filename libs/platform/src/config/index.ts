export { cacheChoice, type CacheConfig } from './cache-fields';
export {
  commonFields,
  commonRules,
  issuerFields,
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
export { ConfigError, loadConfig, loadPart, type LoadOptions } from './load-config';
export { managersOf, openConfigSecrets } from './open-config-secrets';
export { type SecretConfig, secretFields, secretRules } from './secret-fields';
export { secretNames } from './secret-names';
export { type StoreChoice, storeChoice, type StoreConfig, storeFields, storeRules } from './store-fields';
