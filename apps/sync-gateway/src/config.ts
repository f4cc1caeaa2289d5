import {
  commonFields,
  commonRules,
  type ConfigOf,
  defineConfig,
  list,
  parseUrl,
  type ServiceConfig,
  tokenFields,
} from '@state-server/platform';

const fields = {
  // api-gateway splices connections through, and tells the client's address.
  ...commonFields({ service: 'sync-gateway', port: 4010, metricsPort: 4054, trustedProxies: 'loopback' }),
  ...tokenFields,
  ALLOWED_ORIGINS: list((text) => parseUrl(text, ['http', 'https']), 'must be a list of URLs (http, https)', {
    description: 'Origins whose pages may connect.',
    default: 'http://127.0.0.1:4000,http://localhost:4000',
  }),
} as const;

/** Settings of sync-gateway. */
export const config = defineConfig(fields, commonRules);

export type SyncGatewayConfig = ConfigOf<typeof fields> & ServiceConfig;
