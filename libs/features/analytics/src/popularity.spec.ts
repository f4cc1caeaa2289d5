import { createCommitter } from '@state-server/commit';
import {
  asBraneId,
  asOpId,
  asPrototypeId,
  asUserId,
  type BraneId,
  POPULARITY_HALF_LIFE_MS,
} from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { putListing, type Store } from '@state-server/persistence-port';
import { createFakeEnvironment, until } from '@state-server/testing';
import { ActivityMeter } from './activity-meter';
import { applyActivity } from './apply-activity';
import { listPopular } from './list-popular';

function world() {
  const environment = createFakeEnvironment();
  const { clock, ids } = environment;
  const store = createMemoryStore({ environment });
  const committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'spec' });
  const owner = asUserId(ids.uuid());
  const actor = { kind: 'user', user_id: owner } as const;
  const brane = async (name: string, visibility: 'public' | 'private' = 'public'): Promise<BraneId> => {
    const id = asBraneId(ids.uuid());
    await committer.createBrane(actor, { id, op_id: asOpId(ids.uuid()), name, visibility });
    return id;
  };
  const administer = (id: BraneId, op: Parameters<typeof committer.administer>[0]['ops'][number]) =>
    committer.administer({ brane_id: id, actor, op_id: asOpId(ids.uuid()), ops: [op] });
  const meter = (over: Store = store) => new ActivityMeter({ store: over, environment });
  const popular = (limit = 10, after?: readonly [number, string]) =>
    listPopular({ store, clock }, { kind: 'brane', limit, ...(after && { after }) });
  const names = async () => (await popular()).map(({ name }) => name);
  const somebody = () => asUserId(ids.uuid());
  return { environment, store, brane, administer, meter, popular, names, somebody };
}

describe('popularity of branes', () => {
  it('counts the visits of one user once in half an hour, and edits one by one (POP-3)', async () => {
    const { environment, store, brane, meter: open, popular, somebody } = world();
    const meter = open();
    const [id, user] = [await brane('b'), somebody()];
    meter.visited(id, user);
    meter.visited(id, user);
    meter.visited(id, somebody());
    meter.edited(id, 3);
    await environment.advance(31 * 60_000);
    meter.visited(id, user);
    await meter.flush();
    await applyActivity(store, 100);
    expect(await popular()).toMatchObject([{ id, name: 'b', visits: 3, edits: 3, instances: 0 }]);
  });

  it('lists the public ones, the first first, and forgets with time (POP-2, POP-4)', async () => {
    const { environment, store, brane, meter: open, names, somebody } = world();
    const meter = open();
    const [old, fresh, hidden] = [await brane('old'), await brane('fresh'), await brane('hidden', 'private')];
    for (let visit = 0; visit < 4; visit += 1) meter.visited(old, somebody());
    await environment.advance(3 * POPULARITY_HALF_LIFE_MS);
    meter.visited(fresh, somebody());
    meter.visited(hidden, somebody());
    await meter.flush();
    await applyActivity(store, 100);
    expect(await names()).toEqual(['fresh', 'old']);
  });

  it('goes on behind the last of a page (POP-4)', async () => {
    const { store, brane, meter: open, popular, somebody } = world();
    const meter = open();
    for (const count of [3, 1, 2]) {
      const id = await brane(`visited ${count}`);
      for (let visit = 0; visit < count; visit += 1) meter.visited(id, somebody());
    }
    await meter.flush();
    await applyActivity(store, 100);
    const [first] = await popular(1);
    if (!first) throw new Error('nothing is popular');
    const rest = await popular(5, [first.rank, first.id]);
    expect([first, ...rest].map(({ name }) => name)).toEqual(['visited 3', 'visited 2', 'visited 1']);
  });

  it('shows nothing that is not public any more, even before the index knows (POP-4)', async () => {
    const { store, brane, administer, meter: open, names, somebody } = world();
    const meter = open();
    const id = await brane('b');
    meter.visited(id, somebody());
    await meter.flush();
    await applyActivity(store, 100);
    expect(await names()).toEqual(['b']);
    await administer(id, { op: 'set_brane', visibility: 'private' });
    expect(await names()).toEqual([]);
    meter.edited(id, 1);
    await meter.flush();
    await applyActivity(store, 100);
    expect(
      await store.read({ label: 'spec' }, (tx) => tx.get('popularity', ['brane', id])),
    ).not.toHaveProperty('listed');
    await administer(id, { op: 'set_brane', visibility: 'public' });
    meter.edited(id, 1);
    await meter.flush();
    await applyActivity(store, 100);
    expect(await names()).toEqual(['b']);
  });

  it('counts each activity once, in whatever portions it is added (POP-5)', async () => {
    const { environment, store, brane, meter: open, popular, somebody } = world();
    const id = await brane('b');
    for (let process = 0; process < 5; process += 1) {
      const meter = open();
      meter.visited(id, somebody());
      await meter.flush();
    }
    const runs = Promise.all([1, 2, 3].map(() => applyActivity(store, 2)));
    // Those that lose wait a while before they try again.
    await environment.advance(5_000);
    const applied = await runs;
    expect(applied.every((count) => count > 0)).toBe(true);
    while ((await applyActivity(store, 2)) > 0);
    expect(await popular()).toMatchObject([{ id, visits: 5 }]);
  });

  it('keeps what it has counted while the store is away (POP-3, F3)', async () => {
    const { environment, store, brane, meter: open, popular, somebody } = world();
    let away = true;
    const flaky: Store = {
      ...store,
      transact: (options, callback) =>
        away ? Promise.reject(new Error('away')) : store.transact(options, callback),
    };
    const meter = open(flaky);
    const id = await brane('b');
    meter.visited(id, somebody());
    await meter.flush();
    meter.edited(id, 2);
    await meter.flush();
    away = false;
    await environment.advance(5_000);
    await until(
      async () =>
        (await store.read({ label: 'spec' }, (tx) => tx.range('activity', { prefix: [], limit: 5 })))
          .length === 2,
    );
    await applyActivity(store, 100);
    expect(await popular()).toMatchObject([{ visits: 1, edits: 2 }]);
    await meter.close();
  });

  it('ranks prototypes by their instances, and shows those that a search finds (POP-4)', async () => {
    const { environment, store } = world();
    const at = new Date(environment.clock.now()).toISOString();
    const owner_id = asUserId(environment.ids.uuid());
    const prototype = (name: string, instances: number, isPublic: boolean) =>
      store.transact({ label: 'spec' }, async (tx) => {
        const id = asPrototypeId(environment.ids.uuid());
        const flags = { is_public: isPublic, is_deprecated: false, is_deleted: false, kept: 1 as const };
        const fields = { id, owner_id, kind: 'single' as const, name, tags: [], version: 1 };
        tx.put('prototypes', {
          ...{ ...fields, ...flags, created_at: at, updated_at: at },
          ...(isPublic ? { listed: 1 as const } : {}),
        });
        await putListing(tx, 'prototype', id, isPublic ? { name, created_at: at } : undefined);
        tx.put('activity', { id: name, kind: 'prototype', subject: id, at, visits: 0, edits: 1, instances });
      });
    await prototype('lamp', 2, true);
    await prototype('table', 5, true);
    await prototype('secret', 9, false);
    await applyActivity(store, 100);
    const found = await listPopular({ store, clock: environment.clock }, { kind: 'prototype', limit: 10 });
    expect(found.map(({ name, instances }) => [name, instances])).toEqual([
      ['table', 5],
      ['lamp', 2],
    ]);
  });
});
