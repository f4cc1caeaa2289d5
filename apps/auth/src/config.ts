import { keySetWeakness, type KeySet, parseKeySet } from '@state-server/identity';
import {
  commonFields,
  commonRules,
  type ConfigOf,
  type ConfigRule,
  defineConfig,
  field,
  flag,
  integer,
  issuerFields,
  internalDoorFields,
  internalDoorRules,
  list,
  optional,
  quota,
  type ServiceConfig,
  text,
} from '@state-server/platform';
import { oauthFields, oauthRules } from './oauth-fields';

/** Undefined: it is none. What is wrong with it would repeat nothing of it either, but a setting has one line. */
function keySetIn(text: string): KeySet | undefined {
  try {
    return parseKeySet(text);
  } catch {
    return undefined;
  }
}

const fields = {
  // api-gateway forwards to this service, and tells the client's address.
  ...commonFields({ service: 'auth', port: 4001, metricsPort: 4051, trustedProxies: 'loopback' }),
  ...issuerFields,
  ...internalDoorFields,
  JWT_PRIVATE_KEY_FILE: optional(
    text({
      description:
        'File with the Ed25519 private keys (PKCS #8, PEM): the first signs access tokens, all are published.',
    }),
  ),
  JWT_PRIVATE_KEY: optional(
    text({
      description: 'The same as text, where there is no file; \\n may stand for a line break.',
      sensitive: true,
    }),
  ),
  JWT_KEY_SET: optional(
    field(keySetIn, 'must be a key set: a JSON document as the tool keys writes it', {
      description:
        'The key set as the tool keys writes it: signs and publishes by its times, follows changes, taken before JWT_PRIVATE_KEY.',
      sensitive: true,
      inProduction: keySetWeakness,
    }),
  ),
  DEV_AUTH: flag({
    description: 'Lets anybody sign in as anybody (POST /auth/dev). For development.',
    default: 'false',
    inProduction: (on) => (on ? 'must not be true in production' : undefined),
  }),
  ADMIN_EMAILS: list(
    (email) => (/^[^\s@]{1,64}@[^\s@]{1,255}$/.test(email) ? email.toLowerCase() : undefined),
    'must be email addresses',
    {
      description: 'Whoever signs in with one of these addresses, separated by commas, is an administrator.',
      default: '',
    },
  ),
  SESSION_IDLE_HOURS: integer(
    { min: 1, max: 8_760 },
    {
      description: 'A session that is not used for so long ends; using it is refreshing its tokens.',
      unit: 'hours',
      default: '720',
    },
  ),
  SESSION_LIFETIME_HOURS: integer(
    { min: 1, max: 87_600 },
    {
      description: 'A session ends so long after the sign-in, however much it is used.',
      unit: 'hours',
      default: '2160',
    },
  ),
  GUEST_SESSION_HOURS: integer(
    { min: 1, max: 24 * 365 },
    {
      description: 'How long a guest may stay in the brane that a link let him into.',
      unit: 'hours',
      default: '24',
    },
  ),
  SIGN_INS_PER_MINUTE: integer(
    { min: 1, max: 1_000_000 },
    { description: 'Attempts to sign in from one address.', unit: 'per minute', default: '300' },
  ),
  LIMIT_SIGN_IN_ACCOUNT: quota({
    description:
      'Attempts to sign in as one account; those from where it has a session already are counted apart.',
    default: '300/3600',
  }),
  LIMIT_SIGN_IN_FAILURES: quota({
    description:
      'What attempts that were for nothing may cost one address: each half as much again as all before it.',
    default: '100/3600',
  }),
  ...oauthFields,
} as const;

type Config = ConfigOf<typeof fields>;

const oneKey: ConfigRule<Config> = (config) =>
  config.JWT_KEY_SET === undefined &&
  (config.JWT_PRIVATE_KEY_FILE === undefined) === (config.JWT_PRIVATE_KEY === undefined)
    ? 'JWT_KEY_SET must be set, or exactly one of JWT_PRIVATE_KEY_FILE and JWT_PRIVATE_KEY'
    : undefined;

const idleWithinLifetime: ConfigRule<Config> = (config) =>
  config.SESSION_IDLE_HOURS <= config.SESSION_LIFETIME_HOURS
    ? undefined
    : 'SESSION_IDLE_HOURS must not be longer than SESSION_LIFETIME_HOURS';

/** Settings of auth. */
export const config = defineConfig(fields, [
  ...commonRules,
  ...internalDoorRules,
  oneKey,
  idleWithinLifetime,
  ...oauthRules,
]);

export type AuthConfig = Config & ServiceConfig;
