import { asBraneId, asEpoch, asObjectId, asUserId, type BraneId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { BraneDoc, HeadDoc, ObjectDoc, OutboxDoc, Store } from '@state-server/persistence-port';
import { buildWorld, createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { forgetOpIds } from './forget-op-ids';
import { purgeBranes } from './purge-branes';
import { reapDeleted } from './reap-deleted';
import { rekeyBrane } from './rekey-brane';
import { relayOutbox, settleOutbox } from './relay-outbox';

const DAY = 24 * 3_600_000;

describe('periodic work', () => {
  let environment: FakeEnvironment;
  let store: Store;
  beforeEach(() => {
    environment = createFakeEnvironment();
    store = createMemoryStore({ environment });
  });

  const put = (write: (tx: Parameters<Parameters<Store['transact']>[1]>[0]) => void): Promise<void> =>
    store.transact({ label: 'test' }, (tx) => Promise.resolve(write(tx)));
  const ago = (ms: number): string => new Date(environment.clock.now() - ms).toISOString();

  const head = (braneId: BraneId, status: HeadDoc['status'] = 'live'): HeadDoc => ({
    brane_id: braneId,
    epoch: asEpoch('epoch'),
    seq: 1,
    at: ago(0),
    status,
    objects: 1,
    log_floor: 1,
    dedupe_floor: 0,
  });

  it('forgets op ids of every brane, page after page, those of purged ones excepted (I4, UPKEEP-3)', async () => {
    const branes = Array.from({ length: 25 }, () => asBraneId(environment.ids.uuid()));
    await put((tx) => {
      branes.forEach((id, index) => tx.put('heads', head(id, index === 0 ? 'purged' : 'live')));
    });
    const left = new Map(branes.map((id) => [id, 15]));
    const asked: string[] = [];
    const committer = {
      forget: (id: BraneId, before: string, limit: number): Promise<number> => {
        asked.push(before);
        const count = Math.min(limit, left.get(id) ?? 0);
        left.set(id, (left.get(id) ?? 0) - count);
        return Promise.resolve(count);
      },
    };
    const report = await forgetOpIds(
      { store, clock: environment.clock, committer },
      { batch: 10, batches: 1_000 },
    );
    expect(report).toEqual({ done: 24 * 15, finished: true });
    expect([...left.values()].filter((count) => count > 0)).toEqual([15]);
    expect(new Set(asked)).toEqual(new Set([ago(7 * DAY)]));
  });

  it('reaps only what was deleted before the undo horizon, and ends when a brane refuses (S1, UPKEEP-3)', async () => {
    const world = buildWorld(environment.ids);
    const marked = (ms: number): ObjectDoc => {
      const object = world.block({ deleted_at: ago(ms) });
      const { brane_id, id, parent_id, order } = object;
      return { brane_id, id, parent_id, order, deleted_at: ago(ms), object, cell: [0, 0, 0, 0] };
    };
    await put((tx) => {
      tx.put('objects', marked(2 * DAY));
      tx.put('objects', marked(DAY / 2));
    });
    const reaped: [string, string][] = [];
    const committer = {
      reap: async (id: BraneId, before: string): Promise<number> => {
        reaped.push([id, before]);
        const old = await store.read({ label: 'test' }, (tx) =>
          tx.range('objects', { index: 'by_deletion', prefix: [], lt: [before], limit: 10 }),
        );
        await put((tx) => old.forEach((document) => tx.delete('objects', [document.brane_id, document.id])));
        return old.length;
      },
    };
    const deps = { store, clock: environment.clock, committer };
    expect(await reapDeleted(deps)).toEqual({ done: 1, finished: true });
    expect(reaped).toEqual([[world.braneId, ago(DAY)]]);
    await put((tx) => tx.put('objects', marked(3 * DAY)));
    const refusing = { reap: () => Promise.resolve(0) };
    expect(await reapDeleted({ ...deps, committer: refusing })).toEqual({ done: 0, finished: true });
  });

  it('purges branes whose days of grace are over, step by step, and no others (L7, UPKEEP-3)', async () => {
    const brane = (purgeAfter: string | undefined): BraneDoc => ({
      id: asBraneId(environment.ids.uuid()),
      name: 'a brane',
      visibility: 'private',
      status: purgeAfter === undefined ? 'live' : 'deleted',
      created_at: ago(DAY),
      updated_at: ago(DAY),
      created_by: asUserId('user'),
      version: 1,
      ...(purgeAfter === undefined ? {} : { purge_after: purgeAfter }),
    });
    const due = brane(ago(2 * 3_600_000));
    await put((tx) =>
      [due, brane(ago(-DAY)), brane(undefined)].forEach((document) => tx.put('branes', document)),
    );
    const steps: string[] = [];
    const committer = {
      purge: (id: BraneId): Promise<boolean> => {
        steps.push(id);
        return Promise.resolve(steps.length === 3);
      },
    };
    expect(await purgeBranes({ store, clock: environment.clock, committer })).toEqual({
      done: 1,
      finished: true,
    });
    expect(steps).toEqual([due.id, due.id, due.id]);
  });

  it('hands outbox work on until it is done, also what the queue has forgotten (F1, UPKEEP-4)', async () => {
    const record: OutboxDoc = {
      id: 'work-1',
      queue: 'brane.rekey',
      payload: { brane_id: 'b' },
      at: ago(0),
      state: 'waiting',
      attempts: 0,
    };
    await put((tx) => tx.put('outbox', record));
    const heard: string[] = [];
    const enqueue = (queue: string, id: string): Promise<void> => {
      heard.push(`${queue} ${id}`);
      return Promise.resolve();
    };
    await relayOutbox({ store, enqueue });
    await relayOutbox({ store, enqueue });
    expect(heard).toEqual(['brane.rekey work-1', 'brane.rekey work-1']);
    await settleOutbox(store, 'work-1');
    expect(await relayOutbox({ store, enqueue })).toEqual({ done: 0, finished: true });
  });

  it('keeps outbox work while the queue is away (F2, UPKEEP-4)', async () => {
    const record = { id: 'w', queue: 'q', payload: {}, at: ago(0), state: 'waiting', attempts: 0 } as const;
    await put((tx) => tx.put('outbox', record));
    const away = (): Promise<void> => Promise.reject(new Error('the queue is away'));
    await expect(relayOutbox({ store, enqueue: away })).rejects.toThrow('away');
    const heard: string[] = [];
    await relayOutbox({ store, enqueue: (_queue, id) => Promise.resolve(void heard.push(id)) });
    expect(heard).toEqual(['w']);
  });

  it('re-keys until nothing is left, and refuses work that names no brane (S2)', async () => {
    let steps = 0;
    const committer = { rekey: () => Promise.resolve((steps += 1) === 4) };
    expect(await rekeyBrane({ committer }, { brane_id: asObjectId(environment.ids.uuid()) })).toBe(4);
    await expect(rekeyBrane({ committer }, { brane_id: 7 })).rejects.toMatchObject({ code: 'body.invalid' });
  });
});
