import { type KeySet, rotateKeySet } from '@state-server/identity';
import { createMemoryStore } from '@state-server/persistence-memory';
import { realEnvironment } from '@state-server/platform';
import { recordRotation } from './record-rotation';

const TIMES = { now: Date.parse('2026-03-01T12:00:00.000Z'), leadMs: 300_000, drainMs: 1_800_000 };
const rotated = (set: KeySet): KeySet => {
  const outcome = rotateKeySet(set, TIMES);
  return outcome.kind === 'begun' ? outcome.set : set;
};

describe('a rotation in the audit log (KEY-7)', () => {
  it('stands there once, whoever of several processes meets it, and holds nothing of the key', async () => {
    const store = createMemoryStore({ environment: realEnvironment });
    const set = rotated(rotated({ keys: [] }));
    await Promise.all([1, 2, 3].map(() => recordRotation(store, set, TIMES.now)));
    const entries = await store.read({ label: 'spec' }, (tx) => tx.range('audit', { prefix: [], limit: 10 }));
    const [next, signing] = set.keys;
    expect(entries).toEqual([
      expect.objectContaining({
        action: 'keys.rotated',
        actor_kind: 'system',
        target_kind: 'key',
        target_id: next?.kid,
        details: { signs_from: next?.signs_from, signing: signing?.kid },
      }),
    ]);
    expect(JSON.stringify(entries)).not.toContain('PRIVATE');
    await store.close();
  });
});
