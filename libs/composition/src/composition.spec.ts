import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asOpId, asUserId } from '@state-server/domain';
import {
  commonFields,
  commonRules,
  createLogger,
  createService,
  defineConfig,
  loadConfig,
  type Service,
} from '@state-server/platform';
import { closeToWriters, openToWriters } from '@state-server/persistence-maintenance';
import { freePort, until } from '@state-server/testing';
import { openBus } from './open-bus';
import { openCommitter } from './open-committer';
import { openStore } from './open-store';

const schema = defineConfig(commonFields({ service: 'test', port: 0, metricsPort: 0 }), commonRules);

describe('what a service is put together from', () => {
  let folder: string;
  let service: Service;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'composition-'));
    const redis = `redis://127.0.0.1:${await freePort()}`;
    const config = loadConfig(schema, { STORE_PATH: join(folder, 'store'), REDIS_URL: redis });
    const log = createLogger({ service: 'test', instance: 'one', level: 'silent' });
    service = createService({ config, log, processMetrics: false });
    service.health.started();
  });
  afterEach(async () => {
    await service.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const actor = () => ({ kind: 'user', user_id: asUserId(service.environment.ids.uuid()) }) as const;
  const brane = () =>
    ({ op_id: asOpId(service.environment.ids.uuid()), name: 'x', visibility: 'private' }) as const;

  it('commits, tells its own rooms at once, and counts, though Redis is away (F2)', async () => {
    const store = await openStore(service);
    const told: number[] = [];
    const committer = openCommitter(service, {
      store,
      bus: openBus(service),
      onCommitted: (_braneId, messages) => told.push(messages.length),
    });
    const { meta } = await committer.createBrane(actor(), brane());
    expect(told).toEqual([1]);
    const head = await store.read({ label: 'test' }, (tx) => tx.get('heads', [meta.id]));
    expect(head?.seq).toBe(1);
    const { text } = await service.metrics.render();
    expect(text).toMatch(/^bus_connected\{[^}]*\} 0$/m);
    expect(text).toMatch(/^commit_replica_branes\{[^}]*\} \d+$/m);
  });

  it('says at its start which store it uses, and never an address (STORE-21)', async () => {
    const said: (readonly [string, unknown])[] = [];
    const log = {
      ...service.log,
      info: (event: string, fields?: unknown) => void said.push([event, fields]),
    };
    await openStore({ ...service, log });
    expect(said).toEqual([['store.opened', { store: 'embedded', path: join(folder, 'store') }]]);
  });

  it('does not start with another store where the one that is meant cannot be had (STORE-21)', async () => {
    const missing = join(folder, 'no.cluster');
    const config = loadConfig(schema, { FDB_ENABLED: 'true', FDB_CLUSTER_FILE: missing });
    const opened = openStore({ ...service, config });
    await expect(opened).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
    await expect(opened).rejects.toThrow(missing);
    // Nobody listens there, and nobody is told the password.
    const uri = `mongodb://root:hunter2@127.0.0.1:${await freePort()}/world`;
    const settings = { MONGODB_URI: uri, MONGODB_CONNECT_TIMEOUT_MS: '300' };
    const other = openStore({ ...service, config: loadConfig(schema, settings) });
    await expect(other).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
    await expect(other).rejects.not.toThrow('hunter2');
    expect(existsSync(join(folder, 'store'))).toBe(false);
  });

  it('stays ready, and says so, while its store is closed to writers, who are refused as retryable (STORE-22)', async () => {
    const store = await openStore(service);
    const committer = openCommitter(service, { store, bus: openBus(service) });
    const told: unknown[] = [];
    store.readOnly.onChange((flag) => told.push(flag?.reason));
    const { openLmdbStore } = await import('@state-server/persistence-lmdb');
    const other = await openLmdbStore({ path: join(folder, 'store'), environment: service.environment });
    await closeToWriters(other, service.environment, { reason: 'a move' });
    await expect(committer.createBrane(actor(), brane())).rejects.toMatchObject({
      code: 'store.read_only',
      retryable: true,
    });
    await until(() => told.length > 0, { what: 'the service to notice', timeoutMs: 10_000 });
    expect(told).toEqual(['a move']);
    expect(await service.health.ready()).toMatchObject({
      ok: true,
      body: { checks: { writes: { status: 'degraded' } } },
    });
    expect((await service.metrics.render()).text).toMatch(/^store_read_only\{[^}]*\} 1$/m);
    await openToWriters(other);
    expect((await committer.createBrane(actor(), brane())).committed.seq).toBe(1);
    await other.close();
  });

  it('is ready without Redis, degraded, and not without its store', async () => {
    const store = await openStore(service);
    openBus(service);
    const report = await service.health.ready();
    expect(report).toMatchObject({
      ok: true,
      body: { checks: { bus: { status: 'degraded' }, store: { status: 'ok' } } },
    });
    await store.close();
    const { clock } = service.environment;
    const reuseEnds = clock.monotonic() + 300;
    let later = await service.health.ready();
    while (later.ok && clock.monotonic() < reuseEnds + 5_000) later = await service.health.ready();
    expect(later).toMatchObject({ ok: false, body: { checks: { store: { status: 'unavailable' } } } });
  });

  it('finishes what is in hand when the service ends, and takes nothing new', async () => {
    const store = await openStore(service);
    const committer = openCommitter(service, { store, bus: openBus(service) });
    const inHand = committer.createBrane(actor(), brane());
    await service.close();
    expect((await inHand).committed.seq).toBe(1);
    await expect(committer.createBrane(actor(), brane())).rejects.toMatchObject({ code: 'gateway.draining' });
  });
});
