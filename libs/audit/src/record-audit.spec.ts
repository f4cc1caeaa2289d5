import { asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { originOf } from './origin';
import { actorOf, recordAudit, SYSTEM_ACTOR } from './record-audit';

const ada = asUserId('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa');
const bob = asUserId('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb');

function createWorld() {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const all = () => store.read({ label: 'test' }, (tx) => tx.range('audit', { prefix: [], limit: 100 }));
  return { environment, store, all };
}

describe('an entry of the audit log', () => {
  it('says who did what to whom, from where, in which request, and when (AUDIT-1)', async () => {
    const { store, environment, all } = createWorld();
    const request = { id: 'r-1', ip: '198.51.100.7', headers: { 'user-agent': 'A'.repeat(1_000) } };
    const at = environment.clock.now();
    await store.transact({ label: 'test' }, async (tx) => {
      recordAudit(tx, {
        action: 'user.suspended',
        actor: actorOf({ user_id: ada, kind: 'user' }),
        target: { kind: 'user', id: bob },
        reason: 'spam',
        details: { until: null },
        at,
        ...originOf(request),
      });
    });
    expect(await all()).toEqual([
      {
        at: new Date(at).toISOString(),
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        action: 'user.suspended',
        actor_kind: 'user',
        actor_id: ada,
        target_kind: 'user',
        target_id: bob,
        user_id: bob,
        reason: 'spam',
        details: { until: null },
        address: '198.51.100.7',
        user_agent: 'A'.repeat(200),
        request_id: 'r-1',
      },
    ]);
  });

  it('is gone with the act when the act fails (AUDIT-1)', async () => {
    const { store, environment, all } = createWorld();
    const failing = store.transact({ label: 'test' }, async (tx) => {
      recordAudit(tx, { action: 'keys.rotated', actor: SYSTEM_ACTOR, at: environment.clock.now() });
      throw new Error('the act fails');
    });
    await expect(failing).rejects.toThrow('the act fails');
    expect(await all()).toEqual([]);
  });

  it('hinders no other entry: 50 at the same time are all there, of one attempt each (AUDIT-1)', async () => {
    const { store, environment, all } = createWorld();
    let attempts = 0;
    await Promise.all(
      Array.from({ length: 50 }, () =>
        store.transact({ label: 'test', maxRetries: 0 }, async (tx) => {
          attempts += 1;
          recordAudit(tx, { action: 'keys.rotated', actor: SYSTEM_ACTOR, at: environment.clock.now() });
        }),
      ),
    );
    expect(await all()).toHaveLength(50);
    expect(attempts).toBe(50);
  });
});
