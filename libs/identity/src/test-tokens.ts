import { generateKeyPairSync } from 'node:crypto';
import { asSessionId, type Environment, type SessionId, type UserId } from '@state-server/domain';
import { createTokenIssuer, type TokenIssuer } from './access-token';
import { staticKeys } from './key-source';
import type { Revocations } from './revocations';
import type { Store } from '@state-server/persistence-port';
import { createServiceKeys } from './service-keys';
import { loadSigningKeys, type SigningKeys } from './signing-keys';
import { createTokenVerifier, type TokenVerifier } from './token-verifier';

/** Tokens for tests of other parts, from a key of their own. */
export interface TestTokens {
  readonly keys: SigningKeys;
  readonly verifier: TokenVerifier;
  readonly issuer: TokenIssuer;
  /** An access token; the session is a new one unless it is named. */
  issue(user: {
    readonly user_id: UserId;
    readonly session_id?: SessionId;
    readonly name?: string;
  }): Promise<string>;
}

/** Where nothing is revoked. */
export const NO_REVOCATIONS: Revocations = {
  isRevoked: () => false,
  onRevoked: () => () => undefined,
  staleMs: () => 0,
};

const NAMES = { issuer: 'https://issuer.test', audience: 'state-server' };

/** A new Ed25519 private key as PKCS #8 PEM. */
export function newPrivateKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export async function createTestTokens(options: {
  readonly environment: Pick<Environment, 'clock' | 'ids'>;
  readonly revocations?: Revocations;
  /** For keys of service accounts. */
  readonly store?: Store;
}): Promise<TestTokens> {
  const { environment, revocations = NO_REVOCATIONS, store } = options;
  const serviceKeys = store && createServiceKeys({ store, clock: environment.clock, revocations });
  const keys = await loadSigningKeys(newPrivateKeyPem());
  const issuer = createTokenIssuer({ keys, ...NAMES, environment });
  const source = await staticKeys(keys.jwks);
  return {
    keys,
    issuer,
    verifier: createTokenVerifier({
      ...{ keys: source, revocations, ...NAMES, environment },
      ...(serviceKeys && { serviceKeys }),
    }),
    issue: async ({ user_id, session_id = asSessionId(environment.ids.uuid()), name = 'Ada' }) => {
      const { access_token } = await issuer.issue({ user_id, session_id, name });
      return access_token;
    },
  };
}
