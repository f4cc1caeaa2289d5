import { asSessionId, asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { expireDocuments, expiringCollections, expiryIndex } from './expire-documents';

const HOUR = 3_600_000;

describe('expiry of what has a lifetime', () => {
  let environment: FakeEnvironment;
  let store: Store;
  beforeEach(() => {
    environment = createFakeEnvironment();
    store = createMemoryStore({ environment });
  });

  async function addKeys(count: number, expiresInMs: number): Promise<void> {
    const expires_at = new Date(environment.clock.now() + expiresInMs).toISOString();
    await store.transact({ label: 'test' }, (tx) => {
      for (let index = 0; index < count; index += 1) {
        tx.put('idempotency_keys', {
          user_id: asUserId('user'),
          key: `${expiresInMs} ${index}`,
          fingerprint: 'f',
          status: 201,
          headers: {},
          body: new Uint8Array(),
          at: expires_at,
          expires_at,
        });
      }
      return Promise.resolve();
    });
  }

  const keys = () =>
    store.read({ label: 'test' }, (tx) => tx.range('idempotency_keys', { prefix: [], limit: 1_000 }));

  it('covers every collection of the table that has a lifetime, each with an index of it (UPKEEP-1)', () => {
    expect(expiringCollections()).toEqual(
      expect.arrayContaining([
        'idempotency_keys',
        'sessions',
        'refresh_tokens',
        'revocations',
        'tickets',
        'transactions',
      ]),
    );
    for (const name of expiringCollections()) {
      expect([name, expiryIndex(name)]).toEqual([name, name === 'audit' ? undefined : 'by_expiry']);
    }
  });

  it('deletes an hour after the end of the lifetime, not a second before (L4, UPKEEP-1)', async () => {
    await addKeys(3, 0);
    await environment.advance(HOUR);
    expect(await expireDocuments({ store, clock: environment.clock }, 'idempotency_keys')).toEqual({
      done: 0,
      finished: true,
    });
    await environment.advance(1);
    expect(await expireDocuments({ store, clock: environment.clock }, 'idempotency_keys')).toEqual({
      done: 3,
      finished: true,
    });
    expect(await keys()).toEqual([]);
  });

  it('keeps audit entries as long as the setting says, 0 for ever, and deletes them by nothing but their age (AUDIT-5)', async () => {
    const DAY = 24 * HOUR;
    const at = (ms: number) => new Date(environment.clock.now() + ms).toISOString();
    const entry = { action: 'auth.signed_in', actor_kind: 'user' } as const;
    await store.transact({ label: 'test' }, async (tx) => {
      tx.put('audit', { ...entry, id: 'old', at: at(-400 * DAY - HOUR - 1) });
      tx.put('audit', { ...entry, id: 'young', at: at(-400 * DAY - HOUR) });
    });
    const left = async () =>
      (await store.read({ label: 'test' }, (tx) => tx.range('audit', { prefix: [], limit: 10 }))).map(
        ({ id }) => id,
      );
    const deps = { store, clock: environment.clock };
    await expireDocuments(deps, 'audit');
    await expireDocuments({ ...deps, retention: { AUDIT_RETENTION_DAYS: 0 } }, 'audit');
    expect(await left()).toEqual(['old', 'young']);
    await expireDocuments({ ...deps, retention: { AUDIT_RETENTION_DAYS: 400 } }, 'audit');
    expect(await left()).toEqual(['young']);
  });

  it('stops at its bound and goes on in the next run (UPKEEP-2)', async () => {
    await addKeys(25, -2 * HOUR);
    await addKeys(5, HOUR);
    const bounds = { batch: 10, batches: 2 };
    const deps = { store, clock: environment.clock };
    expect(await expireDocuments(deps, 'idempotency_keys', bounds)).toEqual({ done: 20, finished: false });
    expect(await expireDocuments(deps, 'idempotency_keys', bounds)).toEqual({ done: 5, finished: true });
    expect(await keys()).toHaveLength(5);
  });

  it('stops when it is told to (UPKEEP-2)', async () => {
    await addKeys(5, -2 * HOUR);
    const bounds = { batch: 1, batches: 100, signal: AbortSignal.abort() };
    const report = await expireDocuments({ store, clock: environment.clock }, 'idempotency_keys', bounds);
    expect(report).toEqual({ done: 0, finished: false });
  });

  it('leaves a document alone that is prolonged while it runs (P1, UPKEEP-2)', async () => {
    const session = {
      id: asSessionId('session'),
      user_id: asUserId('user'),
      created_at: '2025-01-01T00:00:00.000Z',
      last_used_at: '2025-01-01T00:00:00.000Z',
      expires_at: '2025-01-02T00:00:00.000Z',
    };
    await store.transact({ label: 'test' }, (tx) => Promise.resolve(tx.put('sessions', session)));
    let interfered = false;
    const interfering: Store = {
      kind: store.kind,
      read: (options, callback) => store.read(options, callback),
      check: () => store.check(),
      close: () => store.close(),
      transact: (options, callback) =>
        store.transact(options, async (tx) => {
          const result = await callback(tx);
          if (!interfered) {
            interfered = true;
            const prolonged = { ...session, expires_at: '2030-01-01T00:00:00.000Z' };
            await store.transact({ label: 'prolong' }, (other) =>
              Promise.resolve(other.put('sessions', prolonged)),
            );
          }
          return result;
        }),
    };
    const running = expireDocuments({ store: interfering, clock: environment.clock }, 'sessions');
    await environment.advance(1_000);
    await running;
    expect(await store.read({ label: 'test' }, (tx) => tx.get('sessions', ['session']))).toMatchObject({
      expires_at: '2030-01-01T00:00:00.000Z',
    });
  });
});
