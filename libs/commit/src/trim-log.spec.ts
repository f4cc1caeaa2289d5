import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { buildCheckpoint } from './checkpoint/build-checkpoint';
import { readCheckpoint } from './checkpoint/read-checkpoint';
import { readHead } from './read';
import { readLog } from './read-log';
import { edit, makeBrane, newBlock, rename, storedLog } from './test-support/branes.spec-support';
import { objectsOf } from './test-support/checkpoints.spec-support';
import { createWriter } from './test-support/writer.spec-support';

const MINUTE = 60_000;

/** A brane with one entry a minute, 20 in all; op ids of the first ten are forgotten. */
async function setUp(options: { checkpointAt?: number; forgetBefore?: number } = {}) {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const writer = createWriter({ environment, store });
  const { committer, ids } = writer;
  const start = environment.clock.now();
  const time = (minute: number): string => new Date(start + minute * MINUTE).toISOString();
  const brane = await makeBrane(committer, ids);
  for (let seq = 2; seq <= 20; seq += 1) {
    await environment.advance(MINUTE);
    const ops = seq % 2 === 0 ? [newBlock(ids.object(), brane.root)] : [rename(brane.root, `${seq}`)];
    await edit(committer, ids, brane, ops);
    if (seq === options.checkpointAt)
      await buildCheckpoint({ store, environment }, brane.id, { force: true });
  }
  while ((await committer.forget(brane.id, time(options.forgetBefore ?? 0), 100)) > 0);
  const seqs = async () => (await storedLog(store, brane.id)).map(({ seq }) => seq);
  const floor = async () => (await readHead(store, brane.id))?.log_floor;
  const trim = async (before: string): Promise<void> => {
    while ((await committer.trim(brane.id, before, 100)).more);
  };
  return { ...writer, brane, time, seqs, floor, trim };
}

const from = (first: number): number[] => Array.from({ length: 21 - first }, (_, index) => first + index);

describe('trimming the log', () => {
  it('keeps everything while there is no checkpoint, and what is younger, or still remembered (R3)', async () => {
    const without = await setUp({ forgetBefore: 10 });
    await without.trim(without.time(15));
    expect(await without.seqs()).toEqual(from(1));
    const young = await setUp({ checkpointAt: 18, forgetBefore: 15 });
    await young.trim(young.time(5));
    // Entry n is of minute n - 1.
    expect(await young.seqs()).toEqual(from(6));
    const remembered = await setUp({ checkpointAt: 18, forgetBefore: 5 });
    await remembered.trim(remembered.time(15));
    expect(await remembered.seqs()).toEqual(from(6));
    const behind = await setUp({ checkpointAt: 8, forgetBefore: 15 });
    await behind.trim(behind.time(15));
    expect(await behind.seqs()).toEqual(from(8));
  });

  it('raises the floor in a transaction of its own before the first entry goes (R3)', async () => {
    const { committer, brane, seqs, floor, time } = await setUp({ checkpointAt: 18, forgetBefore: 15 });
    expect(await committer.trim(brane.id, time(10), 4)).toEqual({ floor: 11, deleted: 0, more: true });
    expect(await floor()).toBe(11);
    expect(await seqs()).toEqual(from(1));
    expect(await committer.trim(brane.id, time(10), 4)).toEqual({ floor: 11, deleted: 4, more: true });
    expect(await seqs()).toEqual(from(5));
  });

  it('leaves a state, a log that leads on from it, and readers that are told to take it (R2, R3)', async () => {
    const { store, brane, trim, time, committer, ids } = await setUp({ checkpointAt: 12, forgetBefore: 15 });
    await trim(time(19));
    const state = await readCheckpoint(store, brane.id);
    expect(state).toMatchObject({ seq: 12 });
    expect(state && objectsOf(state).size).toBe(7);
    const after = (seq: number) => readLog(store, brane.id, { after: seq, limit: 100 });
    expect(await after(12)).toMatchObject({ kind: 'entries', entries: { length: 8 } });
    expect(await after(10)).toMatchObject({ kind: 'snapshot', reason: 'below_floor' });
    await edit(committer, ids, brane, [rename(brane.root, 'goes on')]);
    expect(await after(12)).toMatchObject({ kind: 'entries', entries: { length: 9 } });
  });

  it('does not trust a checkpoint of another epoch (L3, R3)', async () => {
    const { store, brane, trim, time, seqs } = await setUp({ checkpointAt: 18, forgetBefore: 15 });
    await store.transact({ label: 'test' }, async (tx) => {
      const pointer = await tx.get('checkpoints', [brane.id]);
      if (pointer) tx.put('checkpoints', { ...pointer, epoch: 'another' as typeof pointer.epoch });
    });
    await trim(time(19));
    expect(await seqs()).toEqual(from(1));
  });
});
