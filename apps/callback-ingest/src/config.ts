import { bytesWeakness } from '@state-server/secrets';
import { parseWebhookSecret } from '@state-server/features-callback';
import {
  commonFields,
  commonRules,
  type ConfigOf,
  defineConfig,
  list,
  type ServiceConfig,
} from '@state-server/platform';

/** What the documents show; whoever copies it has no secret. */
const EXAMPLE = 'whsec_c2VjcmV0LW9mLXRoZS1kb2N1bWVudHMtMDAwMDE=';

/** Settings of callback-ingest. */
export const config = defineConfig(
  {
    ...commonFields({ service: 'callback-ingest', port: 4002, metricsPort: 4052 }),
    CALLBACK_SECRETS: list(
      parseWebhookSecret,
      'must be a list of whsec_ and base64, of 24 to 64 random bytes each',
      {
        description:
          'Secrets that workers sign with (Standard Webhooks), by comma: to change one, list old and new for a while.',
        example: EXAMPLE,
        sensitive: true,
        inProduction: (secrets) =>
          secrets.map((secret) => bytesWeakness(secret)).find((why) => why !== undefined),
      },
    ),
  },
  [
    ...commonRules,
    ({ CALLBACK_SECRETS }) =>
      CALLBACK_SECRETS.length === 0 ? 'CALLBACK_SECRETS must name at least one secret' : undefined,
  ],
);

export type CallbackIngestConfig = ConfigOf<(typeof config)['fields']> & ServiceConfig;
