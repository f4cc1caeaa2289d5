export { type GoogleEndpoints } from './google-claims';
export {
  type GoogleSettings,
  loadStrategies,
  type MicrosoftSettings,
  type OAuthParts,
  type OAuthSettings,
  type Strategies,
} from './load-strategies';
export { asTenantId } from './microsoft-tenants';
export { type Fetch } from './outgoing';
export {
  type BegunSignIn,
  type OAuthStrategy,
  type Provider,
  PROVIDERS,
  type ProvenIdentity,
} from './strategy';
