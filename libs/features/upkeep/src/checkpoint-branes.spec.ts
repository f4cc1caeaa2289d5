import { createCommitter, readCheckpointPosition, wantCheckpoint } from '@state-server/commit';
import { asObjectId, asOpId, asUserId, type BraneId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { checkpointBranes, sweepCheckpoints } from './checkpoint-branes';
import { trimLogs } from './trim-logs';

const DAY = 24 * 3_600_000;

function setUp() {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'spec' });
  const actor = { kind: 'user', user_id: asUserId(environment.ids.uuid()) } as const;
  const opId = () => asOpId(environment.ids.uuid());
  const brane = async (blocks: number): Promise<BraneId> => {
    const { meta } = await committer.createBrane(actor, { op_id: opId(), name: 'x', visibility: 'private' });
    for (let left = blocks; left > 0; left -= 100) {
      const ops = Array.from({ length: Math.min(100, left) }, () => {
        const id = asObjectId(environment.ids.uuid());
        return { op: 'create', object: { kind: 'block', id, parent_id: meta.id } } as const;
      });
      await committer.edit({ brane_id: meta.id, actor, op_id: opId(), ops });
    }
    return meta.id;
  };
  const rename = (id: BraneId, name: string) =>
    committer.edit({
      brane_id: id,
      actor,
      op_id: opId(),
      ops: [{ op: 'update', id, set: { '/name': name } }],
    });
  return { environment, store, committer, brane, rename };
}

describe('checkpoints', () => {
  it('are made of what is due, and of a small brane only when it is long or wanted (R2, CP-2)', async () => {
    const { environment, store, brane } = setUp();
    const work = { store, environment };
    const small = await brane(400);
    const large = await brane(1_000);
    // No mark of the log was passed by the small one.
    expect(await checkpointBranes(work)).toEqual({ done: 1, finished: true });
    expect(await readCheckpointPosition(store, large)).toMatchObject({ objects: 1_001 });
    expect(await readCheckpointPosition(store, small)).toBeUndefined();
    await wantCheckpoint(store, small);
    expect(await checkpointBranes(work)).toEqual({ done: 1, finished: true });
    expect(await readCheckpointPosition(store, small)).toMatchObject({ objects: 401 });
    expect(await checkpointBranes(work)).toEqual({ done: 0, finished: true });
  });

  it('are made of the others when one cannot be (UPKEEP-6)', async () => {
    const { environment, store, brane } = setUp();
    const branes = [await brane(10), await brane(10)];
    for (const id of branes) await wantCheckpoint(store, id);
    const failed: BraneId[] = [];
    const faulty = new Set(branes.slice(0, 1));
    const ids = { uuid: () => (faulty.size > 0 && failed.length === 0 ? fault() : environment.ids.uuid()) };
    const work = { store, environment: { ...environment, ids }, onFailure: (id: BraneId) => failed.push(id) };
    expect(await checkpointBranes(work)).toEqual({ done: 1, finished: true });
    expect(failed).toHaveLength(1);
    await expect(
      checkpointBranes({ store, environment: { ...environment, ids: { uuid: fault } } }),
    ).rejects.toThrow('no ids');
  });

  it('let the log be trimmed to the retention, whose default keeps everything (R3, UPKEEP-6)', async () => {
    const { environment, store, committer, brane, rename } = setUp();
    const id = await brane(10);
    for (let day = 1; day <= 20; day += 1) {
      await environment.advance(DAY);
      await rename(id, `${day}`);
    }
    await wantCheckpoint(store, id);
    await checkpointBranes({ store, environment });
    const { clock } = environment;
    while ((await committer.forget(id, new Date(clock.now() - 7 * DAY).toISOString(), 100)) > 0);
    const trim = (retentionDays: number) => trimLogs({ store, clock, committer, retentionDays });
    expect(await trim(0)).toEqual({ done: 0, finished: true });
    // Entries 1 and 2 are of day 0, entry n + 2 of day n.
    expect(await trim(10)).toEqual({ done: 11, finished: true });
    expect(await trim(1)).toEqual({ done: 3, finished: true });
    expect(await trim(1)).toEqual({ done: 0, finished: true });
    const left = await store.read({ label: 'test' }, (tx) => tx.range('log', { prefix: [id], limit: 100 }));
    expect(left[0]).toMatchObject({ seq: 15 });
  });

  it('let each brane say for how long its log is kept (R3, HIST-11)', async () => {
    const { environment, store, committer, brane, rename } = setUp();
    const work = { store, environment };
    const [kept, short] = [await brane(10), await brane(10)];
    const set = async (id: BraneId, days: number): Promise<void> => {
      const doc = await store.read({ label: 'test' }, (tx) => tx.get('branes', [id]));
      if (!doc) throw new Error('no brane');
      const actor = { kind: 'user', user_id: doc.created_by } as const;
      const ops = [{ op: 'set_brane', settings: { history_days: days } }] as const;
      await committer.administer({ brane_id: id, actor, op_id: asOpId(environment.ids.uuid()), ops });
    };
    await set(kept, 0);
    await set(short, 1);
    for (const id of [kept, short]) {
      await rename(id, 'then');
      await wantCheckpoint(store, id);
    }
    await checkpointBranes(work);
    environment.jump(30 * DAY);
    for (const id of [kept, short]) {
      await rename(id, 'now');
      while ((await committer.forget(id, new Date(environment.clock.now()).toISOString(), 100)) > 0);
    }
    const floor = async (id: BraneId) =>
      (await store.read({ label: 't' }, (tx) => tx.get('heads', [id])))?.log_floor;
    await trimLogs({ ...work, clock: environment.clock, committer, retentionDays: 0 });
    expect(await floor(kept)).toBe(1);
    expect(await floor(short)).toBeGreaterThan(1);
    await trimLogs({ ...work, clock: environment.clock, committer, retentionDays: 1 });
    expect(await floor(kept)).toBe(1);
  });

  it('leave nothing behind for long (CP-3)', async () => {
    const { environment, store, brane } = setUp();
    const id = await brane(10);
    await wantCheckpoint(store, id);
    await checkpointBranes({ store, environment });
    expect(await sweepCheckpoints({ store, environment })).toEqual({ done: 0, finished: true });
    await environment.advance(121_000);
    expect(await sweepCheckpoints({ store, environment })).toMatchObject({ finished: true });
    const garbage = await store.read({ label: 'test' }, (tx) =>
      tx.range('checkpoint_garbage', { prefix: [], limit: 10 }),
    );
    expect(garbage).toEqual([]);
  });
});

function fault(): never {
  throw new Error('no ids');
}
