import { asBraneId, asUserId } from '@state-server/domain';
import { createFakeEnvironment } from '@state-server/testing';
import { createMemoryStore } from './memory-store';

const at = '2026-01-01T00:00:00.000Z';

it('keeps what was committed, by key and by index', async () => {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const [brane, user] = [asBraneId(environment.ids.uuid()), asUserId(environment.ids.uuid())];
  await store.transact({ label: 'test' }, async (tx) => {
    tx.put('members', { brane_id: brane, user_id: user, role: 'owner', since: at });
    expect(await tx.get('members', [brane, user])).toMatchObject({ role: 'owner' });
    expect(await tx.range('members', { index: 'by_user', prefix: [user], limit: 10 })).toHaveLength(1);
  });
  const found = await store.read({ label: 'test' }, (tx) =>
    tx.range('members', { index: 'by_user', prefix: [user], limit: 10 }),
  );
  expect(found).toEqual([{ brane_id: brane, user_id: user, role: 'owner', since: at }]);
});
