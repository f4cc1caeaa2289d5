import {
  commonFields,
  commonRules,
  type ConfigOf,
  defineConfig,
  integer,
  internalDoorFields,
  internalDoorRules,
  originFields,
  type ServiceConfig,
  tokenFields,
} from '@state-server/platform';

const count = { min: 1, max: 1_000_000 };

const fields = {
  // api-gateway splices connections through, and tells the client's address.
  ...commonFields({ service: 'sync-gateway', port: 4010, metricsPort: 4054, trustedProxies: 'loopback' }),
  ...tokenFields,
  ...internalDoorFields,
  ...originFields,
  EDITS_PER_SECOND: integer(count, {
    description: 'Edits of one session, over time; three times as many at once.',
    unit: 'per second',
    default: '100',
  }),
  FRAMES_PER_SECOND: integer(count, {
    description: 'Messages of one session, over time; twice as many at once.',
    unit: 'per second',
    default: '200',
  }),
  PEOPLE_PER_BRANE: integer(
    { min: 1, max: 100_000 },
    {
      description: 'People in one brane at a time, over all gateways; a brane may set less for itself.',
      default: '10000',
    },
  ),
  USER_EDITS_PER_SECOND: integer(count, {
    description: 'Edits of all sessions of one user on one gateway, over time; three times as many at once.',
    unit: 'per second',
    default: '500',
  }),
  ADDRESS_EDITS_PER_SECOND: integer(count, {
    description:
      'Edits of all sessions from one address (IPv6: one /64) on one gateway, over time; three times as many at once.',
    unit: 'per second',
    default: '5000',
  }),
  BRANE_EDITS_PER_SECOND: integer(count, {
    description: 'Edits of all sessions in one brane on one gateway, over time; three times as many at once.',
    unit: 'per second',
    default: '5000',
  }),
  SESSIONS_PER_USER: integer(count, {
    description: 'Open sessions of one user on one gateway.',
    default: '64',
  }),
  SESSIONS_PER_ADDRESS: integer(count, {
    description:
      'Open connections of one address (IPv6: one /64) on one gateway, signed in or not; a company may be behind one.',
    default: '5000',
  }),
  SESSIONS_PER_BRANE: integer(count, {
    description: 'Sessions in one brane on one gateway.',
    default: '5000',
  }),
} as const;

/** Settings of sync-gateway. */
export const config = defineConfig(fields, [...commonRules, ...internalDoorRules]);

export type SyncGatewayConfig = ConfigOf<typeof fields> & ServiceConfig;
