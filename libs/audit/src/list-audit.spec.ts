import { asBraneId, asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { AuditDoc, Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { type AuditFilter, type AuditPlace, listAudit } from './list-audit';

const MINUTE = 60_000;
const start = Date.parse('2026-03-01T00:00:00.000Z');
const at = (minute: number): string => new Date(start + minute * MINUTE).toISOString();

const ACTIONS = ['auth.signed_in', 'brane.member_set', 'user.suspended'] as const;

/** Entry after entry, each field in a rhythm of its own; every third minute has two. */
const entries: AuditDoc[] = Array.from({ length: 300 }, (_, n) => ({
  at: at(n - (n % 3 === 0 ? 0 : (n % 3) - 1)),
  id: `e${String(n).padStart(4, '0')}`,
  action: ACTIONS[n % 3] ?? 'auth.signed_in',
  actor_kind: 'user',
  actor_id: `actor ${n % 4}`,
  target_kind: 'user',
  target_id: `target ${n % 5}`,
  ...(n % 2 === 0 ? { brane_id: asBraneId(`brane ${n % 7}`) } : {}),
  ...(n % 11 === 0 ? { company_id: 'acme' } : {}),
  ...(n % 6 === 0 ? { user_id: asUserId('ada') } : {}),
}));

async function filled(): Promise<Store> {
  const store = createMemoryStore({ environment: createFakeEnvironment() });
  await store.transact({ label: 'test' }, async (tx) => {
    for (const entry of entries) tx.put('audit', entry);
  });
  return store;
}

/** All pages, and how many there were. */
async function walk(store: Store, filter: AuditFilter, limit: number): Promise<string[]> {
  const found: string[] = [];
  let after: AuditPlace | undefined;
  do {
    const place = after;
    const page = await store.read({ label: 'test' }, (tx) =>
      listAudit(tx, filter, { limit, ...(place && { after: place }) }),
    );
    expect(page.items.length).toBeLessThanOrEqual(limit);
    found.push(...page.items.map(({ id }) => id));
    after = page.next;
  } while (after);
  return found;
}

const keys = ['actor_id', 'target_id', 'user_id', 'brane_id', 'company_id', 'action'] as const;

describe('a list of the audit log', () => {
  it.each<AuditFilter>([
    {},
    { actor_id: 'actor 1' },
    { target_id: 'target 2' },
    { user_id: 'ada' },
    { brane_id: 'brane 4' },
    { company_id: 'acme' },
    { action: 'user.suspended' },
    { actor_id: 'actor 1', target_id: 'target 2', action: 'brane.member_set' },
    { from: at(50), to: at(100) },
    { actor_id: 'actor 3', from: at(20) },
    { brane_id: 'brane 2', to: at(90), action: 'auth.signed_in' },
    { actor_id: 'nobody' },
  ])('has all that matches %j, the newest first, in pages of any size (AUDIT-3)', async (filter) => {
    const store = await filled();
    const { from = '', to = '9' } = filter;
    const wanted = entries
      .filter((entry) => keys.every((key) => filter[key] === undefined || entry[key] === filter[key]))
      .filter((entry) => entry.at >= from && entry.at < to)
      .sort((a, b) => (a.at + a.id < b.at + b.id ? 1 : -1))
      .map(({ id }) => id);
    for (const limit of [1, 7, 50, 200]) expect(await walk(store, filter, limit)).toEqual(wanted);
  });

  it('looks at a bounded number of entries for one page, and says where to go on (AUDIT-3)', async () => {
    const store = createMemoryStore({ environment: createFakeEnvironment() });
    for (let block = 0; block < 25; block += 1) {
      await store.transact({ label: 'test' }, async (tx) => {
        for (let n = 0; n < 100; n += 1) {
          const id = `e${String(block * 100 + n).padStart(5, '0')}`;
          const actor_id = block === 0 && n === 0 ? 'rare' : 'frequent';
          tx.put('audit', { at: at(0), id, action: 'x', actor_kind: 'user', actor_id, target_id: 'all' });
        }
      });
    }
    const filter = { actor_id: 'rare', target_id: 'all' };
    const first = await store.read({ label: 'test' }, (tx) => listAudit(tx, filter, { limit: 10 }));
    expect(first).toEqual({ items: [], next: [at(0), 'e00500'] });
    expect(await walk(store, filter, 10)).toEqual(['e00000']);
  });
});
