import { asOpId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { OperationDoc, Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { createCommitter } from '../create-committer';
import {
  assertConsistent,
  edit,
  makeBrane,
  rename,
  storedLog,
  user,
} from '../test-support/branes.spec-support';
import { inTime, makeBlocks, mortal, PARTS } from '../test-support/operations.spec-support';
import { createWriter, refusal } from '../test-support/writer.spec-support';
import { listOperationsIn, type OperationKind, readOperation } from './operation';
import { startOperation, type StartOperation } from './start-operation';
import { dueOperations, OPERATION_LEASE_MS, operationKinds, workOperation } from './work-operation';

async function setUp(environment: FakeEnvironment = createFakeEnvironment()) {
  const store = createMemoryStore({ environment });
  const writer = createWriter({ environment, store });
  const { committer, ids } = writer;
  const brane = await makeBrane(committer, ids);
  const process = (name: string, through: Store = store, kind?: OperationKind) => {
    const own = createCommitter({ store: through, environment, publish: () => undefined, writerId: name });
    const kinds = operationKinds([kind ?? makeBlocks(own, environment)]);
    return (id: string, signal?: AbortSignal) =>
      workOperation({ store: through, environment, kinds, runner: name }, id, signal);
  };
  const request = (changes: Partial<StartOperation> = {}): StartOperation => ({
    kind: 'blocks',
    brane_id: brane.id,
    user_id: brane.owner,
    op_id: ids.op(),
    input: { parts: PARTS },
    total: PARTS,
    ...changes,
  });
  const start = (changes: Partial<StartOperation> = {}) =>
    startOperation({ store, environment }, request(changes));
  const due = () => dueOperations(store, environment.clock.now(), 10);
  const found = async (id: string): Promise<OperationDoc> => {
    const operation = await readOperation(store, id);
    if (!operation) throw new Error(`there is no operation ${id}`);
    return operation;
  };
  return { ...writer, brane, process, request, start, due, found };
}

describe('operations', () => {
  it('are worked off step by step, and tell how far they are and what came of them (S3, HIST-1)', async () => {
    const { store, brane, process, start, found, due } = await setUp();
    const { operation } = await start();
    expect(operation).toMatchObject({ state: 'running', progress: { done: 0, total: PARTS } });
    expect(await due()).toEqual([operation.id]);
    expect(await process('one')(operation.id)).toBe('ended');
    expect(await found(operation.id)).toMatchObject({
      state: 'succeeded',
      step: PARTS,
      progress: { done: PARTS, total: PARTS },
      result: { blocks: PARTS },
    });
    expect(await due()).toEqual([]);
    const scene = await assertConsistent(store, brane.id);
    expect(scene.size).toBe(1 + PARTS);
    const steps = (await storedLog(store, brane.id)).slice(1);
    expect(steps.map(({ kind, operation_id }) => [kind, operation_id])).toEqual(
      steps.map(() => ['system', operation.id]),
    );
  });

  it('go on wherever their process was killed, and no step is lost or doubled (S3, I1, HIST-2)', async () => {
    let killed = 0;
    for (const when of ['before', 'after'] as const) {
      for (let writes = 1; ; writes += 1) {
        const world = await setUp();
        const { operation } = await world.start();
        const store = mortal(world.store, writes, when);
        await world
          .process(
            'first',
            store,
          )(operation.id)
          .catch(() => undefined);
        if (!store.dead) break;
        killed += 1;
        await world.environment.advance(OPERATION_LEASE_MS + 1);
        await world.process('second')(operation.id);
        expect(await world.found(operation.id)).toMatchObject({ state: 'succeeded', step: PARTS });
        const scene = await assertConsistent(world.store, world.brane.id);
        const names = [...scene.objects()].filter(({ parent_id }) => parent_id !== null);
        expect(names.map(({ name }) => name[0]).sort()).toEqual(['1', '2', '3', '4', '5']);
      }
    }
    // Taking it up, and each step, before and after its commit.
    expect(killed).toBeGreaterThanOrEqual(2 * (1 + PARTS));
  });

  it('are done once though two processes work on them at the same time (I1, HIST-2)', async () => {
    const world = await setUp();
    const { operation } = await world.start();
    // The second does not know of the first: as after a lease that ran out while its owner was only slow.
    const kind = (name: string): OperationKind => {
      const own = createCommitter({
        store: world.store,
        environment: world.environment,
        publish: () => undefined,
        writerId: name,
      });
      const blocks = makeBlocks(own, world.environment);
      return {
        ...blocks,
        step: async (step) => {
          await world.store.transact({ label: 'test' }, async (tx) => {
            const doc = await tx.get('operations', [operation.id]);
            if (doc?.due_at) tx.put('operations', { ...doc, due_at: doc.created_at });
          });
          return blocks.step(step);
        },
      };
    };
    const works = ['a', 'b', 'c'].map((name) => world.process(name, world.store, kind(name)));
    for (let round = 0; round < 40; round += 1) {
      if ((await world.found(operation.id)).state !== 'running') break;
      await inTime(Promise.all(works.map((work) => work(operation.id))), world.environment);
    }
    expect(await world.found(operation.id)).toMatchObject({ state: 'succeeded', step: PARTS });
    expect((await assertConsistent(world.store, world.brane.id)).size).toBe(1 + PARTS);
  });

  it('are left to whoever works on them, until he is silent for a while (HIST-2)', async () => {
    const { environment, store, process, start, due } = await setUp();
    const { operation } = await start();
    const dying = mortal(store, 2, 'before');
    await process('first', dying)(operation.id).catch(() => undefined);
    expect(dying.dead).toBe(true);
    expect(await process('second')(operation.id)).toBe('taken');
    expect(await due()).toEqual([]);
    await environment.advance(OPERATION_LEASE_MS + 1);
    expect(await due()).toEqual([operation.id]);
    expect(await process('second')(operation.id)).toBe('ended');
  });

  it('are started once under one op id, which no edit can have (I1, HIST-3)', async () => {
    const { store, committer, ids, brane, request, environment } = await setUp();
    const asked = request();
    const twins = [1, 2].map(() => startOperation({ store, environment }, asked));
    const [first, second] = await inTime(Promise.all(twins), environment);
    expect(second?.operation.id).toBe(first?.operation.id);
    expect([first?.replayed, second?.replayed].sort()).toEqual([false, true]);
    const other = { ...asked, input: { parts: 1 } };
    expect(await refusal(startOperation({ store, environment }, other))).toBe('op_id.reused');
    const ops = [rename(brane.root, 'x')];
    expect(await refusal(edit(committer, ids, brane, ops, { op_id: asked.op_id }))).toBe('op_id.reused');
    const taken = ids.op();
    await edit(committer, ids, brane, ops, { op_id: taken });
    expect(await refusal(startOperation({ store, environment }, request({ op_id: taken })))).toBe(
      'op_id.reused',
    );
  });

  it('are written together with what the caller adds, or not at all (I5, HIST-3)', async () => {
    const { store, start, ids, brane, due } = await setUp();
    const also = () => Promise.reject(fail('idempotency.key_reused'));
    expect(await refusal(start({ also }))).toBe('idempotency.key_reused');
    expect(await due()).toEqual([]);
    expect(await refusal(start({ brane_id: brane.id, asked_of: ids.object() as never }))).toBe(
      'brane.not_found',
    );
    const listed = await store.read({ label: 'test' }, (tx) =>
      listOperationsIn(tx, { brane_id: brane.id, limit: 10 }),
    );
    expect(listed).toEqual([]);
  });

  it('end with the error of a step that is refused, and keep what was done (S3, HIST-4)', async () => {
    const { store, committer, environment, brane, ids, process, start, found } = await setUp();
    const editor = ids.user();
    const set = (role: 'editor' | null) =>
      committer.administer({
        brane_id: brane.id,
        actor: user(brane.owner),
        op_id: ids.op(),
        ops: [{ op: 'set_member', user_id: editor, role }],
      });
    await set('editor');
    const blocks = makeBlocks(committer, environment);
    let steps = 0;
    const kind: OperationKind = {
      ...blocks,
      step: async (step) => {
        steps += 1;
        if (steps === 3) await set(null);
        return blocks.step(step);
      },
    };
    const { operation } = await start({ user_id: editor });
    expect(await process('one', store, kind)(operation.id)).toBe('ended');
    expect(await found(operation.id)).toMatchObject({
      state: 'failed',
      step: 2,
      error: { code: 'brane.not_found' },
    });
    expect((await assertConsistent(store, brane.id)).size).toBe(3);
  });

  it('are tried again after what passes, and end after what does not with a code that tells nothing (HIST-4)', async () => {
    const { store, environment, process, start, found } = await setUp();
    const failing = (error: Error): OperationKind => ({ kind: 'blocks', step: () => Promise.reject(error) });
    const { operation: outage } = await start();
    const away = process('one', store, failing(fail('dependency.unavailable')));
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      expect(await away(outage.id)).toBe('later');
      expect(await away(outage.id)).toBe('taken');
      await environment.advance(60_000);
    }
    expect(await process('one')(outage.id)).toBe('ended');
    expect(await found(outage.id)).toMatchObject({ state: 'succeeded' });
    expect(await found(outage.id)).not.toHaveProperty('failures');

    const { operation: mistake } = await start();
    const broken = process('one', store, failing(new TypeError('secret of the house')));
    let outcome = await broken(mistake.id);
    for (let attempt = 1; attempt < 10 && outcome !== 'ended'; attempt += 1) {
      await environment.advance(60_000);
      outcome = await broken(mistake.id);
    }
    const { state, error } = await found(mistake.id);
    expect([state, error?.code]).toEqual(['failed', 'internal']);
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('stop between two steps when told to, and anybody goes on at once (HIST-2)', async () => {
    const { store, committer, environment, process, start, found, due } = await setUp();
    const stopping = new AbortController();
    const blocks = makeBlocks(committer, environment);
    const kind: OperationKind = {
      ...blocks,
      step: async (step) => {
        const outcome = await blocks.step(step);
        stopping.abort();
        return outcome;
      },
    };
    const { operation } = await start();
    expect(await process('one', store, kind)(operation.id, stopping.signal)).toBe('stopped');
    expect(await found(operation.id)).toMatchObject({ state: 'running', step: 1 });
    expect(await due()).toEqual([operation.id]);
    expect(await process('two')(operation.id)).toBe('ended');
  });

  it('of a kind that is not known here are left for those who know it (HIST-2)', async () => {
    const { environment, process, start, found } = await setUp();
    const { operation } = await start({ kind: 'of tomorrow', op_id: asOpId(environment.ids.uuid()) });
    expect(await process('old')(operation.id)).toBe('later');
    expect(await found(operation.id)).toMatchObject({ state: 'running', step: 0 });
  });

  it('refuse to be registered twice under one name', () => {
    const kind: OperationKind = { kind: 'x', step: () => Promise.resolve({ kind: 'done' }) };
    expect(() => operationKinds([kind, kind])).toThrow('two kinds of operations are called x');
  });
});
