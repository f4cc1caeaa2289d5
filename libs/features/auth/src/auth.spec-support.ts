import type { Timers } from '@state-server/domain';
import {
  createRevocationWatch,
  createTokenIssuer,
  createTokenVerifier,
  loadSigningKeys,
  newPrivateKeyPem,
  type RevocationWatch,
  staticKeys,
  type TokenVerifier,
} from '@state-server/identity';
import { createMemoryHub } from '@state-server/messaging-memory';
import { createMemoryStore } from '@state-server/persistence-memory';
import { silentLogger } from '@state-server/platform';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import type { AuthDeps } from './auth-deps';

/** The store pauses after a conflict; nobody moves the fake clock meanwhile. */
const storeTimers: Timers = {
  set: (ms, task) => setTimeout(task, Math.min(ms, 5)),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

export interface World {
  readonly environment: FakeEnvironment;
  readonly deps: AuthDeps;
  /** Another service that checks tokens: it has a bus link and revocations of its own. */
  readonly elsewhere: { readonly verifier: TokenVerifier; readonly revocations: RevocationWatch };
  /** Cuts the other service's link. */
  cutBus(): void;
}

export async function createWorld(): Promise<World> {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment: { ...environment, timers: storeTimers } });
  const hub = createMemoryHub();
  const bus = hub.connect();
  const log = silentLogger();
  const names = { issuer: 'https://auth.test', audience: 'state-server' };
  const keys = await loadSigningKeys(newPrivateKeyPem());
  const revocations = await createRevocationWatch({ store, bus, environment, log });
  return {
    environment,
    deps: {
      store,
      bus: hub.connect(),
      tokens: createTokenIssuer({ keys, ...names, environment }),
      environment,
      log,
    },
    elsewhere: {
      revocations,
      verifier: createTokenVerifier({
        keys: await staticKeys(keys.jwks),
        revocations,
        ...names,
        environment,
      }),
    },
    cutBus: () => bus.disconnect(),
  };
}

export const coded = (code: string): Error => expect.objectContaining({ code }) as Error;
