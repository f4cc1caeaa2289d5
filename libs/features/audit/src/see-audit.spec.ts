import { recordAudit } from '@state-server/audit';
import { createCommitter } from '@state-server/commit';
import { asBraneId, asOpId, asUserId, type UserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store, UserDoc } from '@state-server/persistence-port';
import { realEnvironment } from '@state-server/platform';
import { seeAudit, seeBraneAudit, seeOwnAudit, toShownAudit } from './see-audit';

const [ada, bob, root] = Array.from({ length: 3 }, () => asUserId(crypto.randomUUID())) as [
  UserId,
  UserId,
  UserId,
];
const brane = asBraneId(crypto.randomUUID());
const coded = (code: string): unknown => expect.objectContaining({ code });
const page = { limit: 50 };

let store: Store;
beforeEach(async () => {
  store = createMemoryStore({ environment: realEnvironment });
  const committer = createCommitter({
    ...{ store, environment: realEnvironment, publish: () => undefined },
    writerId: crypto.randomUUID(),
  });
  const at = new Date().toISOString();
  await store.transact({ label: 'spec' }, async (tx) => {
    const common = { name: 'n', roles: ['user'], version: 1, created_at: at, updated_at: at } as const;
    for (const id of [ada, bob]) tx.put('users', { ...common, id });
    tx.put('users', { ...common, id: root, roles: ['user', 'admin'] } satisfies UserDoc);
  });
  const actor = { kind: 'user', user_id: ada } as const;
  const ids = { id: brane, op_id: asOpId(crypto.randomUUID()) };
  await committer.createBrane(actor, { ...ids, name: 'town', visibility: 'public' });
  await store.transact({ label: 'spec' }, async (tx) => {
    recordAudit(tx, {
      action: 'brane.member_set',
      actor: { kind: 'user', id: ada },
      target: { kind: 'user', id: bob },
      brane_id: brane,
      address: '198.51.100.7',
      user_agent: 'browser',
      request_id: 'r',
      at: 1,
    });
    recordAudit(tx, { action: 'keys.rotated', actor: { kind: 'system' }, at: 2 });
  });
});

describe('reading the audit log', () => {
  it('is for administrators; of a brane for its owners, and of oneself (AUDIT-4)', async () => {
    expect((await seeAudit(store, { ...page, user_id: root, filter: {} })).items).toHaveLength(2);
    for (const user_id of [ada, bob]) {
      await expect(seeAudit(store, { ...page, user_id, filter: {} })).rejects.toEqual(
        coded('permission.denied'),
      );
    }
    const ofBrane = await seeBraneAudit(store, { ...page, user_id: ada, brane_id: brane });
    expect(ofBrane.items.map(({ action }) => action)).toEqual(['brane.member_set']);
    await expect(seeBraneAudit(store, { ...page, user_id: bob, brane_id: brane })).rejects.toEqual(
      coded('permission.denied'),
    );
    const unknown = asBraneId(crypto.randomUUID());
    await expect(seeBraneAudit(store, { ...page, user_id: ada, brane_id: unknown })).rejects.toEqual(
      coded('brane.not_found'),
    );
    expect((await seeOwnAudit(store, { ...page, user_id: bob })).items).toHaveLength(1);
    expect((await seeOwnAudit(store, { ...page, user_id: ada })).items).toEqual([]);
  });

  it('tells from where somebody acted to himself alone, besides administrators (AUDIT-4)', async () => {
    const { items } = await seeOwnAudit(store, { ...page, user_id: bob });
    const [shownToBob] = items.map((entry) => toShownAudit(entry, bob));
    expect(shownToBob).toMatchObject({ actor: { kind: 'user', id: ada }, target: { kind: 'user', id: bob } });
    for (const field of ['address', 'user_agent', 'request_id']) expect(shownToBob).not.toHaveProperty(field);
    const [shownToAda] = items.map((entry) => toShownAudit(entry, ada));
    expect(shownToAda).toMatchObject({ address: '198.51.100.7', user_agent: 'browser', request_id: 'r' });
  });
});
