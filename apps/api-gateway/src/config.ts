import {
  commonFields,
  commonRules,
  type ConfigOf,
  defineConfig,
  integer,
  list,
  parseUrl,
  originFields,
  type ServiceConfig,
  tokenFields,
  url,
} from '@state-server/platform';

const ms = { min: 1, max: 60_000 };

/** Settings of api-gateway. */
export const config = defineConfig(
  {
    // Who is in front of the one origin depends on the installation: nobody is believed by default.
    ...commonFields({ service: 'api-gateway', port: 4000, metricsPort: 4050 }),
    ...tokenFields,
    AUTH_URL: url(['http', 'https'], {
      description: 'The auth service, to which /auth is forwarded.',
      default: 'http://127.0.0.1:4001',
    }),
    SYNC_GATEWAY_URLS: list((text) => parseUrl(text, ['http']), 'must be a list of URLs (http)', {
      description: 'The sync-gateways, over which WebSocket connections are spread.',
      default: 'http://127.0.0.1:4010,http://127.0.0.1:4011',
    }),
    ...originFields,
    SOCKETS_PER_ADDRESS: integer(
      { min: 1, max: 1_000_000 },
      {
        description:
          'Open WebSocket connections of one address (IPv6: one /64) through this process; a company may be behind one.',
        default: '2000',
      },
    ),
    GATEWAY_CONNECT_MS: integer(ms, {
      description: 'A sync-gateway that does not take the connection within this time is passed over.',
      unit: 'ms',
      default: '1000',
    }),
    GATEWAY_ANSWER_MS: integer(ms, {
      description: 'A sync-gateway that does not answer the upgrade within this time is passed over.',
      unit: 'ms',
      default: '2000',
    }),
  },
  commonRules,
);

export type ApiGatewayConfig = ConfigOf<(typeof config)['fields']> & ServiceConfig;
