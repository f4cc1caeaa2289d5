import { secretWeakness } from '@state-server/secrets';
import type { ConfigOf, ConfigRule } from '../config/define-config';
import { list, oneOf } from '../config/field';

/** Of api-gateway, and of the services that it forwards to. */
export const internalFields = {
  INTERNAL_SECRETS: list((item) => (item === '' ? undefined : item), 'must be a list of secrets', {
    description:
      'What the services prove to each other with that a call is theirs, by comma: the first signs; to change it, list new and old for a while.',
    default: '',
    sensitive: true,
    inProduction: (secrets) =>
      secrets.map((secret) => secretWeakness('key', secret)).find((why) => why !== undefined),
  }),
} as const;

/** Of the services that are forwarded to; spread into their tables. */
export const internalDoorFields = {
  ...internalFields,
  REQUIRE_INTERNAL: oneOf(['auto', 'true', 'false'], {
    description:
      'Whether calls that do not come through api-gateway are refused, but for health and public keys; auto: in production.',
    default: 'auto',
  }),
} as const;

type Rule = ConfigRule<ConfigOf<typeof internalFields> & { readonly NODE_ENV: string }>;

export const internalRules: readonly Rule[] = [
  ({ NODE_ENV, INTERNAL_SECRETS }) =>
    NODE_ENV === 'production' && INTERNAL_SECRETS.length === 0
      ? 'INTERNAL_SECRETS must be set in production: openssl rand -base64 32, the same for all services'
      : undefined,
];

export const internalDoorRules: readonly ConfigRule<
  ConfigOf<typeof internalDoorFields> & { readonly NODE_ENV: string }
>[] = [
  ...internalRules,
  ({ REQUIRE_INTERNAL, INTERNAL_SECRETS, NODE_ENV }) =>
    REQUIRE_INTERNAL === 'true' && INTERNAL_SECRETS.length === 0 && NODE_ENV !== 'production'
      ? 'REQUIRE_INTERNAL is true, and INTERNAL_SECRETS is empty: nobody could come in'
      : undefined,
];
