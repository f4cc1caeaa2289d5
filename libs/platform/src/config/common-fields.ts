import { urlPasswordWeakness } from '@state-server/secrets';
import { cacheFields } from './cache-fields';
import { type ConfigOf, type ConfigRule } from './define-config';
import { flag, integer, list, oneOf, optional, parseUrl, strongSecret, text, url } from './field';
import { secretFields, secretRules } from './secret-fields';
import { storeFields, storeRules } from './store-fields';

export interface ServiceDefaults {
  /** The app's name. */
  readonly service: string;
  readonly port: number;
  readonly metricsPort: number;
  /** Whose X-Forwarded-For is believed: addresses, CIDR blocks, or `loopback`, `linklocal`, `uniquelocal`. */
  readonly trustedProxies?: string;
}

const port = { min: 0, max: 65_535 };
const ms = { min: 0, max: 600_000 };

const proxy = (value: string): string | undefined =>
  /^(loopback|linklocal|uniquelocal|[0-9a-f.:]+(\/\d{1,3})?)$/i.test(value) ? value : undefined;

const processFields = {
  NODE_ENV: oneOf(['development', 'test', 'production'], {
    description: 'What the process is for; production asks for more care.',
    default: 'development',
  }),
  CONFIG_FILE: optional(
    text({
      description: 'A file of NAME=value lines below the environment; every name in it must be known.',
    }),
  ),
  CONFIG_IGNORE: optional(
    text({ description: 'Names of other programs that only look like a misspelt one of ours, by comma.' }),
  ),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    description: 'The least important log line that is written.',
    default: 'info',
  }),
  CLOCK_OFFSET_MS: integer(
    { min: -86_400_000, max: 86_400_000 },
    {
      description: 'Added to the time of day, to try what happens when the clock of one service is wrong.',
      unit: 'ms',
      default: '0',
      inProduction: (offset) => (offset === 0 ? undefined : 'must be 0 in production'),
    },
  ),
  INSTANCE_ID: optional(
    text({
      description: 'Tells the processes of one service apart in logs; default: host name and process id.',
    }),
  ),
} as const;

/** They follow their source: a certificate is renewed while the process runs. */
export const tlsFields = {
  TLS_CERT: optional(
    text({
      description:
        'The certificate with those that lead to its authority, PEM, where the service ends TLS itself; \\n may stand for a line break.',
      sensitive: true,
    }),
  ),
  TLS_KEY: optional(text({ description: 'PEM private key of that certificate.', sensitive: true })),
} as const;

const httpFields = {
  REQUEST_TIMEOUT_MS: integer(
    { min: 1, max: 600_000 },
    {
      description: 'A request is answered with 504 after this time.',
      unit: 'ms',
      default: '10000',
    },
  ),
  HEADERS_TIMEOUT_MS: integer(ms, {
    description: 'The head of a request must have come within this time.',
    unit: 'ms',
    default: '10000',
  }),
  RECEIVE_TIMEOUT_MS: integer(ms, {
    description: 'A whole request must have come within this time.',
    unit: 'ms',
    default: '60000',
  }),
  KEEP_ALIVE_MS: integer(ms, {
    description: 'An idle connection is kept so long; longer than the load balancer in front keeps it.',
    unit: 'ms',
    default: '72000',
  }),
  DRAIN_DELAY_MS: integer(ms, {
    description: 'At the end of the process: between not ready and taking no more connections.',
    unit: 'ms',
    default: '0',
  }),
  SHUTDOWN_TIMEOUT_MS: integer(ms, {
    description: 'At the end of the process: all it still has to do, at most.',
    unit: 'ms',
    default: '12000',
  }),
  TLS_AT_EDGE: flag({
    description:
      'Declares that TLS ends in front of this service; production asks for this or a certificate.',
    default: 'false',
  }),
  ...tlsFields,
  TLS_CERT_FILE: optional(text({ description: 'A file with what TLS_CERT would hold.' })),
  TLS_KEY_FILE: optional(text({ description: 'A file with what TLS_KEY would hold.' })),
  TLS_RELOAD_MS: integer(
    { min: 10, max: 86_400_000 },
    {
      description: 'How often is looked for a new certificate, which is taken without a restart.',
      unit: 'ms',
      default: '10000',
    },
  ),
  CONNECTIONS_PER_ADDRESS: integer(
    { min: 1, max: 10_000_000 },
    {
      description:
        'Open connections of one address (IPv6: one /64) to this process; trusted proxies, who stand for many, are not counted.',
      default: '5000',
    },
  ),
} as const;

const dataFields = {
  DATA_DIR: text({ description: 'Folder for all that the system keeps on this machine.', default: '.data' }),
  REDIS_URL: url(['redis', 'rediss'], {
    description: 'The bus between the services. Away, everything goes on, slower.',
    default: 'redis://127.0.0.1:4090',
    sensitive: true,
    inProduction: urlPasswordWeakness,
  }),
} as const;

function addressFields(defaults: ServiceDefaults) {
  return {
    SERVICE_NAME: text({ description: 'The service, in logs and metrics.', default: defaults.service }),
    HOST: text({ description: 'Address to listen on.', default: '127.0.0.1' }),
    PORT: integer(port, {
      description: 'TCP port of the service; 0 takes a free one.',
      default: String(defaults.port),
    }),
    METRICS_PORT: integer(port, {
      description: 'TCP port of /metrics; 0 takes a free one.',
      default: String(defaults.metricsPort),
    }),
    TRUSTED_PROXIES: list(
      proxy,
      'must be a list of addresses, CIDR blocks, loopback, linklocal, uniquelocal',
      {
        description: 'Whose X-Forwarded-For is believed.',
        default: defaults.trustedProxies ?? '',
      },
    ),
  };
}

/** What every service has; spread into its own table. */
export function commonFields(defaults: ServiceDefaults) {
  return {
    ...processFields,
    ...addressFields(defaults),
    ...httpFields,
    ...dataFields,
    ...secretFields,
    ...storeFields,
    ...cacheFields,
  };
}

type CommonFields = ReturnType<typeof commonFields>;

/** The settings that the platform itself reads. */
export type ServiceConfig = ConfigOf<CommonFields>;

/** The rules that go with the common fields. */
export const commonRules: readonly ConfigRule<ServiceConfig>[] = [
  ({ TLS_CERT: text, TLS_CERT_FILE: file, TLS_KEY: key, TLS_KEY_FILE: keyFile }) =>
    (text === undefined && file === undefined) === (key === undefined && keyFile === undefined)
      ? undefined
      : 'a certificate (TLS_CERT or TLS_CERT_FILE) and its key (TLS_KEY or TLS_KEY_FILE) belong together',
  (config) =>
    config.NODE_ENV !== 'production' ||
    config.TLS_AT_EDGE ||
    config.TLS_CERT !== undefined ||
    config.TLS_CERT_FILE !== undefined
      ? undefined
      : 'TLS_AT_EDGE must be true in production, or TLS_CERT and TLS_KEY (or TLS_CERT_FILE and TLS_KEY_FILE) set',
  ...secretRules,
  ...storeRules,
];

/** Whose access tokens are good; of all services that verify them, auth included. */
export const issuerFields = {
  JWT_ISSUER: text({
    description: 'Who signs access tokens: the `iss` that is asked for.',
    default: 'http://127.0.0.1:4000',
  }),
  JWT_AUDIENCE: text({
    description: 'For whom access tokens are: the `aud` that is asked for.',
    default: 'state-server',
  }),
  JWT_SECRET: optional(
    text({
      description:
        'Where services of your own sign access tokens with a shared secret (HS256): that secret. Without it no such token is good.',
      sensitive: true,
      inProduction: strongSecret('key'),
    }),
  ),
  OUTSIDE_ISSUERS_FILE: optional(
    text({
      description:
        'JSON file with the identity services of your own whose access tokens are good here: see the guide.',
    }),
  ),
} as const;

/** For services that verify access tokens and do not sign them; spread into their tables. */
export const tokenFields = {
  ...issuerFields,
  JWT_JWKS_URL: url(['http', 'https'], {
    description: 'Where the public keys of the auth service are.',
    default: 'http://127.0.0.1:4001/auth/.well-known/jwks.json',
  }),
} as const;

/** Of the services that browsers talk to; spread into their tables. */
export const originFields = {
  ALLOWED_ORIGINS: list(
    (value) => parseUrl(value, ['http', 'https']),
    'must be a list of URLs (http, https)',
    {
      description: 'Origins whose pages may call this server.',
      default: 'http://127.0.0.1:4000,http://localhost:4000',
    },
  ),
} as const;
