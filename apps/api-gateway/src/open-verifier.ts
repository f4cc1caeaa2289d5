import {
  createRevocationWatch,
  createTokenVerifier,
  remoteKeys,
  type TokenVerifier,
} from '@state-server/identity';
import type { Bus } from '@state-server/messaging-port';
import type { Store } from '@state-server/persistence-port';
import type { Service } from '@state-server/platform';
import type { ApiGatewayConfig } from './config';

/** Checks access tokens with the keys that auth publishes, and the revocations of the store (SYNC F1, F2). */
export async function openVerifier(
  service: Service<ApiGatewayConfig>,
  { store, bus }: { readonly store: Store; readonly bus: Bus },
): Promise<TokenVerifier> {
  const { config, environment, health, log } = service;
  const revocations = await createRevocationWatch({ store, bus, environment, log });
  service.onClose('revocations', () => revocations.close());
  health.register('revocations', () => revocations.state());
  const keys = remoteKeys({ url: config.JWT_JWKS_URL, environment, log });
  health.register('keys', () => keys.state());
  return createTokenVerifier({
    keys,
    revocations,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    environment,
  });
}
