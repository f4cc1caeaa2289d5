import { createMemoryStore, type MemoryFaults } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { WAITING_EDITS } from './brane-queue';
import { createCommitter } from './create-committer';
import {
  assertConsistent,
  edit,
  makeBrane,
  rename,
  storedLog,
  testIds,
} from './test-support/branes.spec-support';
import { createGate, createWriter, refusal } from './test-support/writer.spec-support';

describe.each(['weak', 'strict'] as const)('the write path on a %s store', (isolation) => {
  const setUp = (faults?: MemoryFaults) => {
    const environment = createFakeEnvironment();
    const store = createMemoryStore({ environment, isolation, ...(faults && { faults }) });
    return createWriter({ environment, store });
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

  it('answers a deadline with "unknown", never with a refusal, and finds out later (L2)', async () => {
    const { committer, store, ids, gate, environment } = gated();
    const brane = await makeBrane(committer, ids);
    gate.close();
    const op_id = ids.op();
    const ops = [rename(brane.root, 'slow')];
    const slow = refusal(edit(committer, ids, brane, ops, { op_id, deadlineMs: 50 }));
    const waiting = refusal(edit(committer, ids, brane, [rename(brane.root, 'never')], { deadlineMs: 20 }));
    await environment.settle();
    await environment.advance(60);
    expect([await slow, await waiting]).toEqual(['commit.outcome_unknown', 'commit.outcome_unknown']);
    gate.open();
    await environment.advance(10);
    const again = await edit(committer, ids, brane, ops, { op_id, again: true });
    const log = await storedLog(store, brane.id);
    expect(log.filter((entry) => entry.op_id === op_id)).toHaveLength(1);
    expect(log.at(-1)?.seq).toBe(again.seq);
    await assertConsistent(store, brane.id);
  });

  it.each([
    ['unavailable', 'dependency.unavailable'],
    ['conflict', 'commit.conflict'],
  ] as const)('tells a store that is %s as %s', async (fault, code) => {
    let broken = false;
    const { committer, ids, environment } = setUp({
      beforeCommit: (label) => (broken && label === 'commit.group' ? fault : undefined),
    });
    const brane = await makeBrane(committer, ids);
    broken = true;
    const answer = refusal(edit(committer, ids, brane, [rename(brane.root, 'new')]));
    await environment.advance(1_000);
    expect(await answer).toBe(code);
    broken = false;
    expect(await refusal(edit(committer, ids, brane, [rename(brane.root, 'new')]))).toBe('none');
  });

  it('finds the answer of a commit whose outcome it did not learn, and publishes its entry (L2, R5)', async () => {
    let fault: 'unknown_committed' | undefined;
    const { committer, store, ids, environment, published, metrics } = setUp({
      beforeCommit: (label) => (label === 'commit.group' ? fault : undefined),
    });
    const brane = await makeBrane(committer, ids);
    fault = 'unknown_committed';
    const answer = edit(committer, ids, brane, [rename(brane.root, 'new')]);
    await environment.settle();
    fault = undefined;
    await environment.advance(100);
    expect((await answer).seq).toBe(2);
    expect(metrics.outcomeUnknown).toBe(1);
    expect(published.map(({ message }) => message.seq)).toEqual([1]);
    await environment.advance(1_000);
    expect(published.map(({ message }) => message.seq)).toEqual([1, 2]);
    await assertConsistent(store, brane.id);
  });

  it('tells those who come when too many are waiting to come again (WRITE-9)', async () => {
    const { committer, ids, gate, environment } = gated();
    const brane = await makeBrane(committer, ids);
    gate.close();
    const first = edit(committer, ids, brane, [rename(brane.root, 'first')]);
    await environment.settle();
    const ops = [rename(ids.object(), 'nobody')];
    const waiting = Array.from({ length: WAITING_EDITS }, () => refusal(edit(committer, ids, brane, ops)));
    const late = await edit(committer, ids, brane, ops).catch((error: unknown) => error);
    expect(late).toMatchObject({ code: 'commit.conflict', retryable: true, retryAfterMs: 250 });
    gate.open();
    await first;
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['object.not_found']));
    expect(await refusal(edit(committer, ids, brane, [rename(brane.root, 'later')]))).toBe('none');
  });

  it('lets no mistake in what follows a commit turn it into a failure (WRITE-1)', async () => {
    const environment = createFakeEnvironment();
    const store = createMemoryStore({ environment, isolation });
    const faults: unknown[] = [];
    const committer = createCommitter({
      store,
      environment,
      writerId: 'writer',
      publish: (_braneId, [first]) => {
        if (first?.seq === 2) throw new RangeError('no bus');
      },
      metrics: { fault: (_braneId, error) => faults.push(error) },
    });
    const ids = testIds(environment);
    const brane = await makeBrane(committer, ids);
    expect((await edit(committer, ids, brane, [rename(brane.root, 'first')])).seq).toBe(2);
    expect((await edit(committer, ids, brane, [rename(brane.root, 'second')])).seq).toBe(3);
    expect(faults).toEqual([expect.any(RangeError)]);
  });

  it('drains: waits for what is in flight and refuses what comes later', async () => {
    const { committer, ids, gate, environment } = gated();
    const brane = await makeBrane(committer, ids);
    gate.close();
    const last = edit(committer, ids, brane, [rename(brane.root, 'last')]);
    await environment.settle();
    let drained = false;
    const drain = committer.drain().then(() => (drained = true));
    await environment.settle();
    expect(drained).toBe(false);
    expect(await refusal(edit(committer, ids, brane, [rename(brane.root, 'late')]))).toBe('gateway.draining');
    gate.open();
    await drain;
    expect((await last).seq).toBe(2);
    expect(environment.pendingTimers).toBe(0);
  });
});
