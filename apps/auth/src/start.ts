import {
  announceWrites,
  openBus,
  openCommitter,
  openLimiter,
  openOtherIssuers,
  openStore,
} from '@state-server/composition';
import { createSignInLimit, loadDevSignIn, type SignInQuotas } from '@state-server/features-auth';
import {
  createRevocationWatch,
  createTokenIssuer,
  createTokenVerifier,
  type TokenVerifier,
} from '@state-server/identity';
import type { Bus } from '@state-server/messaging-port';
import type { Store } from '@state-server/persistence-port';
import {
  createInternalDoor,
  type HttpService,
  Limiter,
  type Service,
  startHttpService,
} from '@state-server/platform';
import { AppModule } from './app.module';
import type { AuthConfig } from './config';
import { type OAuthOverrides, openOAuth } from './oauth-settings';
import { openSigningKeys } from './open-signing-keys';

const HOUR_MS = 60 * 60 * 1_000;

/** Wires auth: what is opened last is closed first. */
export async function start(service: Service<AuthConfig>): Promise<HttpService> {
  const opened = await openStore(service);
  const bus = openBus(service);
  const limiter = openLimiter(service);
  return openAuth(service, { store: announceWrites(service, { store: opened, bus }), bus, limiter });
}

/** The same over a store and a bus that are there. */
export async function openAuth(
  service: Service<AuthConfig>,
  {
    store,
    bus,
    oauth,
    around = (verifier) => verifier,
    limiter = new Limiter(service.environment),
  }: {
    readonly store: Store;
    readonly bus: Bus;
    readonly oauth?: OAuthOverrides;
    /** Put before the verifier, where callers are to be others than tokens make them. */
    readonly around?: (verifier: TokenVerifier) => TokenVerifier;
    /** Default: this process counts for itself. */
    readonly limiter?: Limiter;
  },
): Promise<HttpService> {
  const { config, environment, log, health } = service;
  const names = { issuer: config.JWT_ISSUER, audience: config.JWT_AUDIENCE };
  const keys = await openSigningKeys(service, store);
  const revocations = await createRevocationWatch({ store, bus, environment, log });
  service.onClose('revocations', () => revocations.close());
  health.register('revocations', () => revocations.state());
  // The settings refuse both together; whoever breaks that rule still does not open this door.
  const isDevAsked = config.DEV_AUTH && config.NODE_ENV !== 'production';
  const dev = isDevAsked ? await loadDevSignIn() : undefined;
  if (dev) log.warn('auth.dev_sign_in_open');
  if (isDevAsked && !dev) log.warn('auth.dev_sign_in_not_built');
  const providers = await openOAuth(service, oauth);
  const deps = {
    ...providers,
    ways: new Set([...providers.strategies.keys(), ...(dev ? ['dev'] : [])]),
    store,
    bus,
    environment,
    log,
    tokens: createTokenIssuer({ keys, ...names, environment }),
    jwks: () => keys.jwks,
    admins: new Set(config.ADMIN_EMAILS),
    lifetimes: {
      idleMs: config.SESSION_IDLE_HOURS * HOUR_MS,
      absoluteMs: config.SESSION_LIFETIME_HOURS * HOUR_MS,
    },
    // Whoever comes by a link becomes a member, by an entry of the brane's log.
    committer: openCommitter(service, { store, bus }),
    guestMs: config.GUEST_SESSION_HOURS * HOUR_MS,
    signInLimit: createSignInLimit(limiter, signInQuotas(config)),
  };
  const verifier = createTokenVerifier({
    keys,
    revocations,
    ...names,
    environment,
    others: openOtherIssuers(service, store),
  });
  const door = createInternalDoor(service, { audience: 'auth', open: ['/auth/.well-known/jwks.json'] });
  return startHttpService(service, {
    configure: door.install,
    module: AppModule.with({ deps, verifier: around(verifier), signIns: dev ? [dev] : [] }),
  });
}

function signInQuotas(config: AuthConfig): SignInQuotas {
  return {
    ofAddress: { points: config.SIGN_INS_PER_MINUTE, seconds: 60 },
    ofAccount: config.LIMIT_SIGN_IN_ACCOUNT,
    failures: config.LIMIT_SIGN_IN_FAILURES,
  };
}
