import { asEpoch } from '@state-server/domain';
import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import {
  assertConsistent,
  edit,
  makeBrane,
  newBlock,
  rename,
  storedLog,
  storedObjects,
  user,
} from './test-support/branes.spec-support';
import { bound, createGate, createWriter, refusal } from './test-support/writer.spec-support';
import { readHead } from './read';

describe('op ids', () => {
  const setUp = () => {
    const environment = createFakeEnvironment();
    return createWriter({ environment, store: createMemoryStore({ environment }) });
  };

  /** Two processes on one database; the transactions of the one can be held back before they commit. */
  const setUpFrozen = () => {
    const environment = createFakeEnvironment();
    const gate = createGate();
    const kv = createMemoryKv();
    const free = createMemoryStore({ environment, kv });
    const held: Store = {
      ...bound(free),
      transact: (options, callback) =>
        free.transact(options, async (tx) => {
          const result = await callback(tx);
          if (options.label === 'commit.group') await gate.pass();
          return result;
        }),
    };
    const here = createWriter({ environment, store: held, writerId: 'here' });
    const there = createWriter({ environment, store: free, writerId: 'there' });
    return { environment, gate, here, there };
  };

  it('are answered the same way again, and nothing is written (I1)', async () => {
    const { committer, store, ids, published } = setUp();
    const brane = await makeBrane(committer, ids);
    const op_id = ids.op();
    const ops = [newBlock(ids.object(), brane.root, 'one')];
    const first = await edit(committer, ids, brane, ops, { op_id });
    await edit(committer, ids, brane, [rename(brane.root, 'between')]);
    const second = await edit(committer, ids, brane, ops, { op_id, again: true });
    expect(second).toEqual({ ...first, replayed: true });
    expect(await storedLog(store, brane.id)).toHaveLength(3);
    expect(published).toHaveLength(3);
  });

  it('are answered the same way though their author was put out meanwhile (I1, WRITE-6)', async () => {
    const { committer, ids } = setUp();
    const brane = await makeBrane(committer, ids);
    const editor = ids.user();
    const member = (role: 'editor' | null) =>
      committer.administer({
        brane_id: brane.id,
        actor: user(brane.owner),
        op_id: ids.op(),
        ops: [{ op: 'set_member', user_id: editor, role }],
      });
    await member('editor');
    const sent = { op_id: ids.op(), actor: user(editor) };
    const ops = [rename(brane.root, 'his')];
    const first = await edit(committer, ids, brane, ops, sent);
    await member(null);
    expect(await edit(committer, ids, brane, ops, { ...sent, again: true })).toEqual({
      ...first,
      replayed: true,
    });
    expect(await refusal(edit(committer, ids, brane, ops, { actor: user(editor) }))).toBe('brane.not_found');
  });

  it('commit once when the same edit comes twenty times at once over two processes (I1)', async () => {
    const { here, there, environment } = setUpFrozen();
    const brane = await makeBrane(here.committer, here.ids);
    const op_id = here.ids.op();
    const ops = [newBlock(here.ids.object(), brane.root)];
    const twins = Array.from({ length: 20 }, (_, i) =>
      edit(i % 2 === 0 ? here.committer : there.committer, here.ids, brane, ops, { op_id }),
    );
    await environment.advance(200);
    const answers = await Promise.all(twins);
    expect(new Set(answers.map((answer) => answer.seq))).toEqual(new Set([2]));
    expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1);
    await assertConsistent(here.store, brane.id);
  });

  it('are refused for another payload, and are each user’s own (I1)', async () => {
    const { committer, ids } = setUp();
    const brane = await makeBrane(committer, ids);
    const editor = ids.user();
    const add = [{ op: 'set_member', user_id: editor, role: 'editor' }] as const;
    await committer.administer({ brane_id: brane.id, actor: user(brane.owner), op_id: ids.op(), ops: add });
    const op_id = ids.op();
    await edit(committer, ids, brane, [rename(brane.root, 'mine')], { op_id });
    expect(await refusal(edit(committer, ids, brane, [rename(brane.root, 'else')], { op_id }))).toBe(
      'op_id.reused',
    );
    const undo = { brane_id: brane.id, actor: user(brane.owner), op_id };
    expect(await refusal(committer.undo(undo))).toBe('op_id.reused');
    const his = { op_id, actor: user(editor) };
    expect(await refusal(edit(committer, ids, brane, [rename(brane.root, 'his')], his))).toBe('none');
  });

  it('keep the refusal that was told for a re-sent edit, even when the edit would pass later (I2)', async () => {
    const { committer, store, ids } = setUp();
    const brane = await makeBrane(committer, ids);
    const id = ids.object();
    const sent = { op_id: ids.op() };
    const ops = [rename(id, 'early')];
    const told = edit(committer, ids, brane, ops, { ...sent, again: true });
    expect(await refusal(told)).toBe('object.not_found');
    await edit(committer, ids, brane, [newBlock(id, brane.root)]);
    expect(await refusal(edit(committer, ids, brane, ops, sent))).toBe('object.not_found');
    const details = await edit(committer, ids, brane, ops, sent).catch((error: unknown) => error);
    expect(details).toMatchObject({ details: { id, op_index: 0 } });
    // Without `again` nothing is recorded: the client may still be told otherwise.
    const plain = { op_id: ids.op() };
    const later = ids.object();
    expect(await refusal(edit(committer, ids, brane, [rename(later, 'x')], plain))).toBe('object.not_found');
    await edit(committer, ids, brane, [newBlock(later, brane.root)]);
    expect(await refusal(edit(committer, ids, brane, [rename(later, 'x')], plain))).toBe('none');
    await assertConsistent(store, brane.id);
  });

  it.each([
    ['because the brane has moved on', true],
    ['though the brane stands where it stood', false],
  ])('let a frozen process not commit what the client was told is refused, %s (I2)', async (_why, moves) => {
    const { here, there, environment, gate } = setUpFrozen();
    const { ids } = here;
    const brane = await makeBrane(here.committer, ids);
    const id = ids.object();
    await edit(here.committer, ids, brane, [newBlock(id, brane.root)]);
    const sent = { op_id: ids.op() };
    const ops = [rename(id, 'frozen')];
    gate.close();
    const frozen = refusal(edit(here.committer, ids, brane, ops, sent));
    await environment.settle();
    expect(gate.arrived).toBe(2);
    if (moves) await edit(there.committer, ids, brane, [{ op: 'delete', id }]);
    const first_sent = moves ? {} : { first_sent: { epoch: asEpoch(ids.op()), seq: 2 } };
    const told = await refusal(
      edit(there.committer, ids, brane, ops, { ...sent, again: true, ...first_sent }),
    );
    expect(told).toBe(moves ? 'object.not_found' : 'edit.too_old');
    gate.open();
    await environment.advance(100);
    expect(await frozen).toBe(told);
    expect((await storedObjects(here.store, brane.id)).get(id)?.name).toBe('');
    await assertConsistent(here.store, brane.id);
  });

  it('that may have been forgotten are too old, those never sent before are not (I4)', async () => {
    const { committer, ids, store, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    const old = { op_id: ids.op() };
    const epoch = (await readHead(store, brane.id))?.epoch ?? asEpoch('none');
    await edit(committer, ids, brane, [rename(brane.root, 'old')], old);
    environment.jump(8 * 24 * 3_600_000);
    await edit(committer, ids, brane, [rename(brane.root, 'young')]);
    await edit(committer, ids, brane, [rename(brane.root, 'younger')]);
    const weekAgo = new Date(environment.clock.now() - 7 * 24 * 3_600_000).toISOString();
    expect(await committer.forget(brane.id, weekAgo, 100)).toBe(2);
    expect((await readHead(store, brane.id))?.dedupe_floor).toBe(3);
    const again = (first_sent: { epoch: typeof epoch; seq: number }) =>
      refusal(edit(committer, ids, brane, [rename(brane.root, 'old')], { ...old, again: true, first_sent }));
    expect(await again({ epoch, seq: 1 })).toBe('edit.too_old');
    const fresh = { op_id: ids.op(), again: true };
    const send = (extra: object) =>
      refusal(edit(committer, ids, brane, [rename(brane.root, 'x')], { ...fresh, ...extra }));
    expect(await send({ op_id: ids.op(), first_sent: { epoch: asEpoch(ids.op()), seq: 3 } })).toBe(
      'edit.too_old',
    );
    expect(await send({ op_id: ids.op() })).toBe('edit.too_old');
    expect(await send({ op_id: ids.op(), first_sent: { epoch, seq: 3 } })).toBe('none');
    expect(await send({ op_id: ids.op(), again: false })).toBe('none');
  });

  it('are forgotten in bounded steps, and never above the head (I4)', async () => {
    const { committer, ids, store, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    for (let i = 0; i < 10; i += 1) await edit(committer, ids, brane, [rename(brane.root, `${i}`)]);
    environment.jump(3_600_000);
    const now = new Date(environment.clock.now()).toISOString();
    const steps: number[] = [];
    for (let count = -1; count !== 0;) steps.push((count = await committer.forget(brane.id, now, 4)));
    expect(steps).toEqual([3, 3, 3, 1, 0]);
    expect(await readHead(store, brane.id)).toMatchObject({ seq: 11, dedupe_floor: 11 });
    await assertConsistent(store, brane.id);
  });

  it('of many refusals at one seq are forgotten, too (I2, I4)', async () => {
    const { committer, ids, store, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    for (let i = 0; i < 7; i += 1) {
      await refusal(edit(committer, ids, brane, [rename(ids.object(), 'x')], { again: true }));
    }
    await edit(committer, ids, brane, [rename(brane.root, 'later')]);
    environment.jump(3_600_000);
    const now = new Date(environment.clock.now()).toISOString();
    let forgotten = 0;
    for (let count = -1; count !== 0; forgotten += count) count = await committer.forget(brane.id, now, 3);
    expect(forgotten).toBe(8);
    expect((await readHead(store, brane.id))?.dedupe_floor).toBe(2);
  });

  it('take the extra write of the caller along, for a replayed answer too (I5)', async () => {
    const { committer, store, ids } = setUp();
    const brane = await makeBrane(committer, ids);
    const op_id = ids.op();
    const seen: boolean[] = [];
    const also = {
      op_id,
      also: (_tx: unknown, outcome: { replayed: boolean }) => void seen.push(outcome.replayed),
    };
    await edit(committer, ids, brane, [rename(brane.root, 'x')], also);
    await edit(committer, ids, brane, [rename(brane.root, 'x')], also);
    expect(seen).toEqual([false, true]);
    await edit(committer, ids, brane, [rename(brane.root, 'y')], {
      also: async (tx, outcome) => {
        // It sees the transaction's own writes.
        const head = await tx.get('heads', [brane.id]);
        const root = await tx.get('objects', [brane.id, brane.root]);
        tx.put('meta', { key: 'seen', value: [outcome.seq, head?.seq, root?.object.name] });
      },
    });
    const doc = await store.read({ label: 'test' }, (tx) => tx.get('meta', ['seen']));
    expect(doc?.value).toEqual([3, 3, 'y']);
  });
});
