import { createCommitter, readHead } from '@state-server/commit';
import { asBraneId, asObjectId, asOpId, asUserId, type ClientOp } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { EXPIRY_GRACE_MS, expireObjects } from './expire-objects';

describe('objects with a lifetime', () => {
  const environment = createFakeEnvironment();
  const { ids, clock } = environment;
  const store = createMemoryStore({ environment });
  const committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'spec' });
  const deps = { store, clock, committer };
  const user = asUserId(ids.uuid());
  const actor = { kind: 'user', user_id: user } as const;
  const newOp = (): ReturnType<typeof asOpId> => asOpId(ids.uuid());
  const inMs = (ms: number): string => new Date(clock.now() + ms).toISOString();

  async function braneWith(ops: (root: ReturnType<typeof asBraneId>) => readonly ClientOp[]) {
    const id = asBraneId(ids.uuid());
    await committer.createBrane(actor, { id, op_id: newOp(), name: 'b', visibility: 'private' });
    await committer.edit({ brane_id: id, actor, op_id: newOp(), ops: ops(id) });
    return id;
  }

  const marked = async (braneId: string, id: string): Promise<boolean> => {
    const doc = await store.read({ label: 'spec' }, (tx) => tx.get('objects', [braneId, id]));
    return doc?.deleted_at !== undefined;
  };

  it('are deleted by the server when it is over, not a second early, with one entry and for good (OBJ-5, L4)', async () => {
    const [group, inside, later] = [asObjectId(ids.uuid()), asObjectId(ids.uuid()), asObjectId(ids.uuid())];
    const brane = await braneWith((root) => [
      {
        op: 'create',
        object: { kind: 'group', id: group, parent_id: root, expires_at: inMs(60_000), locked: true },
      },
      { op: 'create', object: { kind: 'block', id: later, parent_id: root, expires_at: inMs(3_600_000) } },
    ]);
    await committer.edit({
      brane_id: brane,
      actor,
      op_id: newOp(),
      ops: [
        { op: 'update', id: group, set: { '/locked': false } },
        { op: 'create', object: { kind: 'block', id: inside, parent_id: group, expires_at: inMs(60_000) } },
        { op: 'update', id: group, set: { '/locked': true } },
      ],
    });
    const before = await readHead(store, brane);
    await environment.advance(60_000 + EXPIRY_GRACE_MS - 1);
    expect(await expireObjects(deps)).toEqual({ done: 0, finished: true });
    await environment.advance(2);
    expect(await expireObjects(deps)).toEqual({ done: 1, finished: true });
    expect([await marked(brane, group), await marked(brane, inside), await marked(brane, later)]).toEqual([
      true,
      false,
      false,
    ]);
    expect((await readHead(store, brane))?.seq).toBe((before?.seq ?? 0) + 1);
    expect(await expireObjects(deps)).toEqual({ done: 0, finished: true });
    // The latest that he can take back is his own last edit, not the deletion.
    await expect(committer.undo({ brane_id: brane, actor, op_id: newOp() })).rejects.toMatchObject({
      code: 'undo.superseded',
    });
    expect(await marked(brane, group)).toBe(true);
  });

  it('stay when it was prolonged or lifted in time, and in a brane that takes no edits (OBJ-5)', async () => {
    const [prolonged, lifted, kept] = [
      asObjectId(ids.uuid()),
      asObjectId(ids.uuid()),
      asObjectId(ids.uuid()),
    ];
    const block = (id: typeof kept, parent_id: typeof kept): ClientOp => ({
      op: 'create',
      object: { kind: 'block', id, parent_id, expires_at: inMs(1_000) },
    });
    const brane = await braneWith((root) => [block(prolonged, root), block(lifted, root)]);
    const archived = await braneWith((root) => [block(kept, root)]);
    await committer.administer({
      brane_id: archived,
      actor,
      op_id: newOp(),
      ops: [{ op: 'set_status', status: 'deleted' }],
    });
    await committer.edit({
      brane_id: brane,
      actor,
      op_id: newOp(),
      ops: [
        { op: 'update', id: prolonged, set: { '/expires_at': inMs(3_600_000) } },
        { op: 'update', id: lifted, unset: ['/expires_at'] },
      ],
    });
    await environment.advance(60_000);
    expect(await expireObjects(deps, { batch: 1, batches: 10 })).toEqual({ done: 0, finished: true });
    expect(await Promise.all([marked(brane, prolonged), marked(brane, lifted)])).toEqual([false, false]);
    expect(await marked(archived, kept)).toBe(false);
  });
});
