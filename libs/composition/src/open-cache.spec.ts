import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCommitter, readObjectFor } from '@state-server/commit';
import { asBraneId, asObjectId, asOpId, asUserId } from '@state-server/domain';
import { createMemoryHub } from '@state-server/messaging-memory';
import { createMemoryStore } from '@state-server/persistence-memory';
import {
  commonFields,
  commonRules,
  createLogger,
  createService,
  defineConfig,
  loadConfig,
  type Service,
} from '@state-server/platform';
import { freePort, until } from '@state-server/testing';
import { announceWrites, openCache } from './open-cache';

const schema = defineConfig(commonFields({ service: 'test', port: 0, metricsPort: 0 }), commonRules);

describe('the cache of a service', () => {
  let folder: string;
  const services: Service[] = [];
  const start = async (env: Readonly<Record<string, string>>): Promise<Service> => {
    const redis = `redis://127.0.0.1:${await freePort()}`;
    const config = loadConfig(schema, { STORE_PATH: join(folder, 'store'), REDIS_URL: redis, ...env });
    const log = createLogger({ service: 'test', instance: 'one', level: 'silent' });
    const service = createService({ config, log, processMetrics: false });
    services.push(service);
    return service;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cache-'));
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is off by itself with the embedded store, and wherever it is switched off (CACHE-10)', async () => {
    const bus = createMemoryHub().connect();
    for (const env of [{}, { CACHE: 'off', MONGODB_URI: 'mongodb://127.0.0.1' }] as const) {
      const service = await start(env);
      const store = createMemoryStore({ environment: service.environment });
      expect(await openCache(service, { store, bus })).toEqual({ store, cache: undefined });
      expect(announceWrites(service, { store, bus })).toBe(store);
    }
    const service = await start({ MONGODB_URI: 'mongodb://127.0.0.1' });
    const store = createMemoryStore({ environment: service.environment });
    expect((await openCache(service, { store, bus })).cache).toBeDefined();
  });

  it('hears what another service has committed, counts, and goes on though Redis is away (CACHE-9, CACHE-11, F2)', async () => {
    const hub = createMemoryHub();
    const reading = await start({ CACHE: 'redis', CACHE_STALE_MS: '10000' });
    const writing = await start({ CACHE: 'redis' });
    const { environment } = reading;
    const shared = createMemoryStore({ environment });
    const { store, cache } = await openCache(reading, { store: shared, bus: hub.connect() });
    const committer = createCommitter({
      store: announceWrites(writing, { store: shared, bus: hub.connect() }),
      environment,
      publish: () => undefined,
      writerId: 'spec',
    });
    const user_id = asUserId(crypto.randomUUID());
    const actor = { kind: 'user', user_id } as const;
    const id = asBraneId(crypto.randomUUID());
    const op_id = () => asOpId(crypto.randomUUID());
    await committer.createBrane(actor, { op_id: op_id(), id, name: 'one', visibility: 'private' });
    const seen = async (): Promise<unknown> => {
      const asked = { id: asObjectId(id), user_id, demand: 'trusted' } as const;
      return (await readObjectFor({ store, cache }, asked))?.object.name;
    };
    expect([await seen(), await seen()]).toEqual(['one', 'one']);
    const ops = [{ op: 'update', id: asObjectId(id), set: { '/name': 'two' } }] as const;
    await committer.edit({ brane_id: id, actor, op_id: op_id(), ops });
    await until(async () => (await seen()) === 'two');
    const { text } = await reading.metrics.render();
    for (const line of [
      /^cache_hits_total\{.*tier="local".*\} [1-9]/m,
      /^cache_misses_total\{.*outcome="found".*\} [1-9]/m,
      /^cache_staleness_seconds_count\{.*\} [1-9]/m,
      /^cache_invalidations_total\{.*\} [1-9]/m,
      /^cache_bytes\{.*\} [1-9]/m,
      /^cache_entries\{.*\} [1-9]/m,
    ]) {
      expect(text).toMatch(line);
    }
  });
});
