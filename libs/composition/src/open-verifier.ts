import {
  createRevocationWatch,
  createServiceKeys,
  createTokenVerifier,
  remoteKeys,
  type RevocationWatch,
  type TokenVerifier,
} from '@state-server/identity';
import type { Bus } from '@state-server/messaging-port';
import type { Store } from '@state-server/persistence-port';
import {
  type ConfigOf,
  createSkewMeter,
  type Service,
  type ServiceConfig,
  type SkewMeter,
  type tokenFields,
} from '@state-server/platform';

import { openOtherIssuers } from './open-other-issuers';

export type TokenConfig = ConfigOf<typeof tokenFields> & ServiceConfig;

export interface OpenVerifier {
  readonly verifier: TokenVerifier;
  readonly revocations: RevocationWatch;
  /** Against the service that signs tokens. */
  readonly clockSkew: SkewMeter;
}

/** Checks access tokens with the keys that auth publishes, and the revocations of the store (SYNC F1, F2). */
export async function openVerifier(
  service: Service<TokenConfig>,
  { store, bus }: { readonly store: Store; readonly bus: Bus },
): Promise<OpenVerifier> {
  const { config, environment, health, log, metrics } = service;
  const revocations = await createRevocationWatch({ store, bus, environment, log });
  service.onClose('revocations', () => revocations.close());
  health.register('revocations', () => revocations.state());
  const keys = remoteKeys({ url: config.JWT_JWKS_URL, environment, log });
  service.onClose('keys', () => keys.close());
  health.register('keys', () => keys.state());
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = config;
  const clockSkew = createSkewMeter({
    ...{ metrics, log, clock: environment.clock },
    metric: 'auth_clock_skew_seconds',
    help: 'How far the clock that signs tokens was ahead of ours in the last minute.',
    event: 'auth.clock_skew',
  });
  const verifier = createTokenVerifier({
    ...{ keys, revocations, issuer, audience, environment },
    others: openOtherIssuers(service, store),
    serviceKeys: createServiceKeys({ store, clock: environment.clock, revocations, log }),
    onClockSkew: (aheadMs) => clockSkew.observe(aheadMs),
  });
  return { verifier, revocations, clockSkew };
}
