import {
  commonFields,
  commonRules,
  type ConfigOf,
  defineConfig,
  integer,
  list,
  parseUrl,
  originFields,
  quota,
  type ServiceConfig,
  internalFields,
  internalRules,
  tokenFields,
  url,
} from '@state-server/platform';

const ms = { min: 1, max: 60_000 };
const percent = { min: 1, max: 100_000 };

/** Points/seconds: so many at once, each coming back at its own time. One process or several: see docs/spec/edge.md. */
const limitFields = {
  LIMIT_ADDRESS: quota({
    description: 'Requests of one address (IPv6: one /64), whoever asks; a company may be behind one.',
    default: '12000/60',
  }),
  LIMIT_AUTH: quota({ description: 'Requests to /auth of one address.', default: '300/60' }),
  LIMIT_READ: quota({ description: 'Reads of one user.', default: '6000/60' }),
  LIMIT_WRITE: quota({ description: 'Changes of one user.', default: '3000/60' }),
  LIMIT_SEARCH: quota({
    description: 'Searches and lists over many things, of one user.',
    default: '1200/60',
  }),
  LIMIT_HEAVY: quota({
    description: 'What reads or starts a great deal at once (snapshots, forks, restores), of one user.',
    default: '600/60',
  }),
  LIMIT_UPLOAD: quota({ description: 'Requests with large bodies, of one user.', default: '600/60' }),
  LIMIT_GUEST_PERCENT: integer(percent, {
    description: 'What a guest may ask, of what a user may.',
    unit: 'percent',
    default: '50',
  }),
  LIMIT_SERVICE_PERCENT: integer(percent, {
    description: 'What a service key may ask, of what a user may.',
    unit: 'percent',
    default: '300',
  }),
} as const;

/** Settings of api-gateway. */
export const config = defineConfig(
  {
    // Who is in front of the one origin depends on the installation: nobody is believed by default.
    ...commonFields({ service: 'api-gateway', port: 4000, metricsPort: 4050 }),
    ...tokenFields,
    ...internalFields,
    AUTH_URL: url(['http', 'https'], {
      description: 'The auth service, to which /auth is forwarded.',
      default: 'http://127.0.0.1:4001',
    }),
    SYNC_GATEWAY_URLS: list((text) => parseUrl(text, ['http']), 'must be a list of URLs (http)', {
      description: 'The sync-gateways, over which WebSocket connections are spread.',
      default: 'http://127.0.0.1:4010,http://127.0.0.1:4011',
    }),
    ...originFields,
    ...limitFields,
    SERVICE_KEY_MAX_DAYS: integer(
      { min: 1, max: 3_650 },
      {
        description: 'How long a key of a service account may live at most.',
        unit: 'days',
        default: '365',
      },
    ),
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
  [...commonRules, ...internalRules],
);

export type ApiGatewayConfig = ConfigOf<(typeof config)['fields']> & ServiceConfig;
