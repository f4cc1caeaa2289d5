import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { edit, makeBrane, newBlock, storedObjects } from './test-support/branes.spec-support';
import { createGate, createWriter, refusal } from './test-support/writer.spec-support';

describe('ids of objects (I6)', () => {
  const setUp = () => {
    const environment = createFakeEnvironment();
    return createWriter({ environment, store: createMemoryStore({ environment }) });
  };

  it('are unique over all branes', async () => {
    const { committer, ids } = setUp();
    const [one, other] = [await makeBrane(committer, ids), await makeBrane(committer, ids)];
    const id = ids.object();
    await edit(committer, ids, one, [newBlock(id, one.root)]);
    expect(await refusal(edit(committer, ids, other, [newBlock(id, other.root)]))).toBe('id.taken');
    expect(await refusal(edit(committer, ids, one, [newBlock(id, one.root)]))).toBe('id.taken');
    expect(await refusal(edit(committer, ids, other, [newBlock(one.root, other.root)]))).toBe('id.taken');
    const twice = ids.object();
    const answers = await Promise.all(
      [1, 2].map(() => refusal(edit(committer, ids, one, [newBlock(twice, one.root)]))),
    );
    expect(answers).toEqual(['none', 'id.taken']);
  });

  it('are refused to one of two processes that take the same id for two branes at once (WRITE-2)', async () => {
    const environment = createFakeEnvironment();
    const gate = createGate();
    const kv = createMemoryKv({
      faults: {
        beforeCommit: async (label) => {
          if (label === 'commit.group') await gate.pass();
          return undefined;
        },
      },
    });
    const writer = (writerId: string) =>
      createWriter({ environment, store: createMemoryStore({ environment, kv }), writerId });
    const [here, there] = [writer('here'), writer('there')];
    const { ids } = here;
    const [one, other] = [await makeBrane(here.committer, ids), await makeBrane(here.committer, ids)];
    const id = ids.object();
    gate.close();
    const answers = [
      refusal(edit(here.committer, ids, one, [newBlock(id, one.root)])),
      refusal(edit(there.committer, ids, other, [newBlock(id, other.root)])),
    ];
    await environment.settle();
    expect(gate.arrived).toBe(2);
    gate.open();
    await environment.advance(100);
    expect((await Promise.all(answers)).sort()).toEqual(['id.taken', 'none']);
  });

  it('stay taken when the object has been reaped', async () => {
    const { committer, store, ids, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    const id = ids.object();
    await edit(committer, ids, brane, [newBlock(id, brane.root)]);
    await edit(committer, ids, brane, [{ op: 'delete', id }]);
    environment.jump(1_000);
    expect(await committer.reap(brane.id, new Date(environment.clock.now()).toISOString(), 10)).toBe(1);
    expect((await storedObjects(store, brane.id)).has(id)).toBe(false);
    const registered = await store.read({ label: 'test' }, (tx) => tx.get('object_ids', [id]));
    expect(registered).toEqual({ id, brane_id: brane.id, version: 2 });
    expect(await refusal(edit(committer, ids, brane, [newBlock(id, brane.root)]))).toBe('id.taken');
  });

  it('that the server gives are the same in every attempt (WRITE-7)', async () => {
    const environment = createFakeEnvironment();
    let losses = 2;
    const store = createMemoryStore({
      environment,
      faults: {
        beforeCommit: (label) => (label === 'commit.group' && losses-- > 0 ? 'conflict' : undefined),
      },
    });
    const { committer, ids, metrics } = createWriter({ environment, store });
    const brane = await makeBrane(committer, ids);
    const names: string[] = [];
    const create = { op: 'create', object: { kind: 'block', parent_id: brane.root } } as const;
    const answer = edit(committer, ids, brane, [create, create], {
      also: (_tx, outcome) => {
        names.push(outcome.ops.map((op) => (op.op === 'create' ? op.object.id : '')).join());
      },
    });
    await environment.advance(100);
    await answer;
    expect(metrics.conflict).toBe(2);
    expect(names).toHaveLength(3);
    expect(new Set(names).size).toBe(1);
  });
});
