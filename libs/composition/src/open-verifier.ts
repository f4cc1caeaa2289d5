import {
  createRevocationWatch,
  createTokenVerifier,
  remoteKeys,
  type RevocationWatch,
  type TokenVerifier,
} from '@state-server/identity';
import type { Bus } from '@state-server/messaging-port';
import type { Store } from '@state-server/persistence-port';
import type { ConfigOf, Service, ServiceConfig, tokenFields } from '@state-server/platform';

export type TokenConfig = ConfigOf<typeof tokenFields> & ServiceConfig;

/** Checks access tokens with the keys that auth publishes, and the revocations of the store (SYNC F1, F2). */
export async function openVerifier(
  service: Service<TokenConfig>,
  { store, bus }: { readonly store: Store; readonly bus: Bus },
): Promise<{ readonly verifier: TokenVerifier; readonly revocations: RevocationWatch }> {
  const { config, environment, health, log } = service;
  const revocations = await createRevocationWatch({ store, bus, environment, log });
  service.onClose('revocations', () => revocations.close());
  health.register('revocations', () => revocations.state());
  const keys = remoteKeys({ url: config.JWT_JWKS_URL, environment, log });
  health.register('keys', () => keys.state());
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = config;
  const verifier = createTokenVerifier({ keys, revocations, issuer, audience, environment });
  return { verifier, revocations };
}
