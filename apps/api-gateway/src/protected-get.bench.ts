import { createCommitter } from '@state-server/commit';
import { openLimiter, openStore } from '@state-server/composition';
import { asBraneId, asOpId, asSessionId, asUserId, type Environment } from '@state-server/domain';
import { objectReads } from '@state-server/features-object';
import { createTestTokens, type TokenVerifier } from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import {
  createService,
  type HttpService,
  loadConfig,
  registerPlainReads,
  type Service,
  silentLogger,
  startHttpService,
} from '@state-server/platform';
import { AppModule } from './app.module';
import { type ApiGatewayConfig, config } from './config';
import { openGateway } from './gateway';
import { allowOrigins } from './http/cors';
import { quotasOf, RateLimits } from './limits/rate-limits';

/** As many as the benchmark has connections: each within his own limits. */
const USERS = 64;

/**
 * A server for `./dev bench protected-get`, in a process of its own: this app as it is (`protected`), or the same doors over
 * the same store with nobody asked who he is and how often he came (`open`). Sends its port, and when asked the path to read
 * and a token of each user.
 */
async function main(mode: string | undefined): Promise<void> {
  process.on('disconnect', () => process.exit(0));
  const settings = { ...process.env, NODE_ENV: 'test', PORT: '0', METRICS_PORT: '0' };
  const service = createService({
    config: loadConfig(config, settings),
    log: silentLogger(),
    processMetrics: false,
  });
  const { environment } = service;
  const store = await openStore(service);
  const tokens = await createTestTokens({ environment });
  const { path, users } = await fill(store, environment);
  const issued = await Promise.all(users.map(async (user) => tokens.issue(user)));
  const { port } =
    mode === 'open'
      ? await openUnprotected(service, store, tokens.verifier, issued[1] ?? '')
      : await openProtected(service, store, tokens.verifier);
  process.send?.(port);
  process.on('message', () => process.send?.({ path, tokens: issued }));
}

function writer(store: Store, environment: Environment) {
  return createCommitter({ store, environment, publish: () => undefined, writerId: 'bench' });
}

function openProtected(
  service: Service<ApiGatewayConfig>,
  store: Store,
  verifier: TokenVerifier,
): Promise<HttpService> {
  const committer = writer(store, service.environment);
  return openGateway(service, { store, committer, verifier, limiter: openLimiter(service) });
}

async function openUnprotected(
  service: Service<ApiGatewayConfig>,
  store: Store,
  verifier: TokenVerifier,
  token: string,
): Promise<HttpService> {
  const { environment, config: settings } = service;
  const identity = await verifier.verify(token);
  const limits = new RateLimits({
    limiter: openLimiter(service),
    quotas: quotasOf(settings),
    percent: { guest: 50, service: 300 },
  });
  const deps = { store, committer: writer(store, environment), verifier, environment, limits };
  return startHttpService(service, {
    module: AppModule.with(deps),
    configure: (server) => {
      allowOrigins(server, settings.ALLOWED_ORIGINS);
      registerPlainReads(server, service, objectReads({ store, cache: undefined }), {
        admitNow: (request) => {
          Object.assign(request, { identity });
          return true;
        },
        admit: () => Promise.resolve(),
      });
    },
  });
}

/** A brane that everybody may see, with one block in it. */
async function fill(store: Store, environment: Environment) {
  const committer = writer(store, environment);
  const users = Array.from({ length: USERS }, (_, index) => ({
    user_id: asUserId(crypto.randomUUID()),
    session_id: asSessionId(crypto.randomUUID()),
    name: `Reader ${index}`,
  }));
  const [owner] = users;
  if (!owner) throw new Error('there is at least one user');
  const actor = { kind: 'user', user_id: owner.user_id } as const;
  const id = asBraneId(crypto.randomUUID());
  const op_id = asOpId(crypto.randomUUID());
  await committer.createBrane(actor, { op_id, id, name: 'town', visibility: 'public' });
  return { path: `/object/${id}`, users };
}

void main(process.argv[2]);
