import { createMemoryStore, type MemoryFaults } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import {
  assertConsistent,
  at,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  rename,
  storedLog,
  storedObjects,
  type TestBrane,
} from './test-support/branes.spec-support';
import { bound, createGate, createWriter, refusal } from './test-support/writer.spec-support';

describe.each(['weak', 'strict'] as const)('group commit on a %s store', (isolation) => {
  const setUp = (faults?: MemoryFaults) => {
    const environment = createFakeEnvironment();
    const labels: string[] = [];
    const memory = createMemoryStore({ environment, isolation, ...(faults && { faults }) });
    const store: Store = {
      ...bound(memory),
      transact: (options, callback) => {
        labels.push(options.label);
        return memory.transact(options, callback);
      },
    };
    return { labels, ...createWriter({ environment, store }) };
  };

  /** A writer whose next commits wait at a gate. */
  const gated = () => {
    const gate = createGate();
    const beforeCommit = async (label: string) => {
      if (label === 'commit.group') await gate.pass();
      return undefined;
    };
    return { gate, ...setUp({ beforeCommit }) };
  };

  it('commits an edit and answers with its place in the log', async () => {
    const { committer, store, ids, published } = setUp();
    const brane = await makeBrane(committer, ids);
    const house = ids.object();
    const first = await edit(committer, ids, brane, [newGroup(house, brane.root, 'house')]);
    const door = ids.object();
    const second = await edit(committer, ids, brane, [
      newBlock(door, house, 'door'),
      { op: 'transform', id: house, transform: at(100) },
      rename(door, 'gate'),
    ]);
    expect([first.seq, second.seq]).toEqual([2, 3]);
    expect(published.map(({ message }) => message.seq)).toEqual([1, 2, 3]);
    await assertConsistent(store, brane.id);
  });

  it('gives every edit of a group commit its own seq, entry and frame (L1)', async () => {
    const { committer, store, ids, gate, groups, published, environment } = gated();
    const brane = await makeBrane(committer, ids);
    gate.close();
    const first = edit(committer, ids, brane, [newBlock(ids.object(), brane.root)]);
    await environment.settle();
    const others = [1, 2, 3].map(() => edit(committer, ids, brane, [newBlock(ids.object(), brane.root)]));
    gate.open();
    const answers = await Promise.all([first, ...others]);
    expect(groups).toEqual([1, 3]);
    expect(answers.map((answer) => answer.seq)).toEqual([2, 3, 4, 5]);
    expect(published.map(({ message }) => message.seq)).toEqual([1, 2, 3, 4, 5]);
    const log = await storedLog(store, brane.id);
    expect(log.slice(1).map((entry) => entry.op_id)).toEqual(answers.map((answer) => answer.op_id));
    await assertConsistent(store, brane.id);
  });

  it('leaves no trace of a refused edit in the others of its group (L1)', async () => {
    const { committer, store, ids, environment } = setUp();
    const brane = await makeBrane(committer, ids);
    const [kept, lost, late] = [ids.object(), ids.object(), ids.object()];
    const unknown = ids.object();
    const answers = await Promise.all([
      refusal(edit(committer, ids, brane, [newGroup(kept, brane.root)])),
      refusal(edit(committer, ids, brane, [newBlock(lost, kept), rename(unknown, 'nobody')])),
      refusal(edit(committer, ids, brane, [newBlock(late, kept), rename(kept, 'kept')])),
      refusal(edit(committer, ids, brane, [rename(lost, 'lost')])),
    ]);
    await environment.settle();
    expect(answers).toEqual(['none', 'object.not_found', 'none', 'object.not_found']);
    const objects = await storedObjects(store, brane.id);
    expect(objects.has(lost)).toBe(false);
    expect(objects.get(kept)?.name).toBe('kept');
    expect((await storedLog(store, brane.id)).map((entry) => entry.seq)).toEqual([1, 2, 3]);
    await assertConsistent(store, brane.id);
  });

  it('cuts a group at 200 edits (L2)', async () => {
    const { committer, ids, gate, groups, environment } = gated();
    const brane = await makeBrane(committer, ids);
    gate.close();
    const edits = [edit(committer, ids, brane, [rename(brane.root, 'first')])];
    await environment.settle();
    for (let i = 0; i < 250; i += 1)
      edits.push(edit(committer, ids, brane, [rename(brane.root, `name ${i}`)]));
    gate.open();
    await Promise.all(edits);
    expect(groups).toEqual([1, 200, 50]);
  });

  it('cuts a group at 256 KiB (L2)', async () => {
    const { committer, ids, gate, labels, environment } = gated();
    const brane = await makeBrane(committer, ids);
    const large = {
      op: 'update',
      id: ids.object(),
      set: { '/properties/text': 'x'.repeat(60_000) },
    } as const;
    gate.close();
    const first = edit(committer, ids, brane, [rename(brane.root, 'first')]);
    await environment.settle();
    labels.length = 0;
    // Refused, so that only their own size counts, and not what the transaction writes.
    const refused = Array.from({ length: 8 }, () => refusal(edit(committer, ids, brane, [large])));
    gate.open();
    await Promise.all([first, ...refused]);
    expect(labels.filter((label) => label === 'commit.group')).toHaveLength(2);
  });

  /** Objects of about 30 KB each. */
  const makeHeavy = async (writer: ReturnType<typeof setUp>, brane: TestBrane, count: number) => {
    const { committer, ids } = writer;
    const properties = { text: 'x'.repeat(29_000) };
    const heavy = Array.from({ length: count }, () => ids.object());
    for (let i = 0; i < count; i += 2) {
      const ops = heavy
        .slice(i, i + 2)
        .map(
          (id) =>
            ({ op: 'create', object: { kind: 'block', id, parent_id: brane.root, properties } }) as const,
        );
      await edit(committer, ids, brane, ops);
    }
    return heavy;
  };

  it('puts no more into a group than one transaction may write, though each edit is small', async () => {
    const writer = gated();
    const { committer, store, ids, gate, groups, environment } = writer;
    const brane = await makeBrane(committer, ids);
    const heavy = await makeHeavy(writer, brane, 20);
    gate.close();
    groups.length = 0;
    const edits = [edit(committer, ids, brane, [rename(brane.root, 'first')])];
    await environment.settle();
    for (const id of heavy) edits.push(edit(committer, ids, brane, [rename(id, 'renamed')]));
    gate.open();
    await Promise.all(edits);
    expect(groups.length).toBeGreaterThan(2);
    expect(groups.reduce((sum, size) => sum + size, 0)).toBe(21);
    await assertConsistent(store, brane.id);
  });

  it('refuses an edit that no transaction can hold as too large', async () => {
    const writer = setUp();
    const { committer, ids } = writer;
    const brane = await makeBrane(committer, ids);
    const heavy = await makeHeavy(writer, brane, 36);
    const all = heavy.map((id) => rename(id, 'renamed'));
    expect(await refusal(edit(committer, ids, brane, all))).toBe('edit.too_large');
    expect(await refusal(edit(committer, ids, brane, all.slice(0, 20)))).toBe('none');
  });

  it('publishes nothing before it is durable, and what was refused never (WRITE-1)', async () => {
    const { committer, ids, gate, published, environment } = gated();
    const brane = await makeBrane(committer, ids);
    gate.close();
    const first = edit(committer, ids, brane, [rename(brane.root, 'new')]);
    await environment.settle();
    expect(gate.arrived).toBe(1);
    expect(published).toHaveLength(1);
    gate.open();
    await first;
    expect(published).toHaveLength(2);
    await refusal(edit(committer, ids, brane, [rename(ids.object(), 'nobody')]));
    expect(published).toHaveLength(2);
  });

  it('commits the others when an extra write of one request fails (L1, L2)', async () => {
    const { committer, store, ids, groups } = setUp();
    const brane = await makeBrane(committer, ids);
    const [a, b, c] = [ids.object(), ids.object(), ids.object()];
    const failing = edit(committer, ids, brane, [newBlock(b, brane.root)], {
      also: (tx) => {
        tx.put('meta', { key: 'half', value: 1 });
        throw new RangeError('no');
      },
    });
    const answers = await Promise.allSettled([
      edit(committer, ids, brane, [newBlock(a, brane.root)]),
      failing,
      edit(committer, ids, brane, [newBlock(c, brane.root)], {
        also: (tx, outcome) => tx.put('meta', { key: 'whole', value: outcome.seq }),
      }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    // Together, though without the one.
    expect(groups).toEqual([2]);
    expect(answers[1]).toMatchObject({ reason: expect.any(RangeError) });
    const [half, whole] = await store.read({ label: 'test' }, (tx) =>
      tx.getMany('meta', [['half'], ['whole']]),
    );
    expect([half, whole?.value]).toEqual([undefined, 3]);
    const objects = await storedObjects(store, brane.id);
    expect([a, b, c].map((id) => objects.has(id))).toEqual([true, false, true]);
    await assertConsistent(store, brane.id);
  });
});
