export { environmentPlace } from './places/environment-place';
export { filesPlace } from './places/files-place';
export { folderPlace } from './places/folder-place';
export { SECRET_NAME, type SecretPlace, type WritablePlace } from './secret-place';
export { SecretsError, type SecretSource, type SecretsState, type SecretsTell } from './secret-source';
export { fixedSecrets, openSecrets, type OpenSecretsOptions, Secrets, type WatchOptions } from './secrets';
export { type VaultOptions, vaultPlace } from './vault/vault-place';
export type { VaultAuth } from './vault/vault-token';
export {
  bytesWeakness,
  placeholderWeakness,
  type SecretKind,
  secretWeakness,
  urlPasswordWeakness,
} from './weakness';
