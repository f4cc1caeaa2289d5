import type { ConfigOf, ConfigRule } from './define-config';
import { integer, optional, text, url } from './field';

/** Where secrets come from: see docs/spec/secrets.md. All of them are read before any other setting. */
export const secretFields = {
  SECRETS_DIR: optional(
    text({
      description:
        'Folder with one file per secret, named as its setting is: a mounted Kubernetes secret, or files of your own.',
    }),
  ),
  SECRETS_POLL_MS: integer(
    { min: 100, max: 3_600_000 },
    {
      description: 'How often files and Vault are looked at for changed secrets, which need no restart.',
      unit: 'ms',
      default: '10000',
    },
  ),
  VAULT_ADDR: optional(
    url(['https', 'http'], {
      description: 'HashiCorp Vault: what its record (KV, version 2) holds is taken before all else.',
    }),
  ),
  VAULT_MOUNT: text({ description: 'Where the KV engine of Vault is mounted.', default: 'secret' }),
  VAULT_PATH: text({
    description: 'The record in it: one field for each secret, named as its setting is.',
    default: 'state-server',
  }),
  VAULT_NAMESPACE: optional(text({ description: 'Namespace of Vault Enterprise or HCP.' })),
  VAULT_TOKEN: optional(
    text({ description: 'Token for Vault, where there is no better way to sign in.', sensitive: true }),
  ),
  VAULT_TOKEN_FILE: optional(
    text({ description: 'File with a token for Vault that somebody (Vault Agent) keeps fresh.' }),
  ),
  VAULT_ROLE: optional(
    text({ description: 'Role of Vault to sign in to by the Kubernetes service account of the pod.' }),
  ),
  VAULT_AUTH_MOUNT: text({
    description: 'Where the Kubernetes sign-in of Vault is mounted.',
    default: 'kubernetes',
  }),
  VAULT_JWT_FILE: text({
    description: 'File with the token of the service account.',
    default: '/var/run/secrets/kubernetes.io/serviceaccount/token',
  }),
  VAULT_CACERT: optional(text({ description: 'PEM file with those who sign the certificate of Vault.' })),
  VAULT_TIMEOUT_MS: integer(
    { min: 1, max: 60_000 },
    { description: 'One call to Vault is given up after this time.', unit: 'ms', default: '3000' },
  ),
} as const;

export type SecretConfig = ConfigOf<typeof secretFields>;

type Rule = ConfigRule<SecretConfig & { readonly NODE_ENV: string }>;

const oneWayIn: Rule = ({ VAULT_ADDR, VAULT_TOKEN, VAULT_TOKEN_FILE, VAULT_ROLE }) => {
  const ways = [VAULT_TOKEN, VAULT_TOKEN_FILE, VAULT_ROLE].filter((way) => way !== undefined).length;
  return VAULT_ADDR === undefined || ways === 1
    ? undefined
    : 'VAULT_ADDR needs exactly one of VAULT_TOKEN, VAULT_TOKEN_FILE and VAULT_ROLE';
};

const LOOPBACK = /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/;

const encrypted: Rule = ({ NODE_ENV, VAULT_ADDR }) =>
  NODE_ENV !== 'production' ||
  VAULT_ADDR === undefined ||
  VAULT_ADDR.startsWith('https:') ||
  LOOPBACK.test(VAULT_ADDR)
    ? undefined
    : 'VAULT_ADDR must be https in production, unless Vault (or its agent) is on this machine';

export const secretRules: readonly Rule[] = [oneWayIn, encrypted];
