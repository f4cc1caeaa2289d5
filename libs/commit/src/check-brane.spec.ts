import { createMemoryStore } from '@state-server/persistence-memory';
import type { ObjectDoc } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { type BraneFault, checkBrane } from './check-brane';
import { buildCheckpoint } from './checkpoint/build-checkpoint';
import { renewEpochs } from './renew-epochs';
import { repairBrane } from './repair-brane';
import { edit, makeBrane, newBlock, rename } from './test-support/branes.spec-support';
import { createWriter } from './test-support/writer.spec-support';

/** A brane of 12 entries with a checkpoint at the eighth. */
async function setUp() {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const writer = createWriter({ environment, store });
  const { committer, ids } = writer;
  const brane = await makeBrane(committer, ids);
  const block = ids.object();
  await edit(committer, ids, brane, [newBlock(block, brane.root)]);
  for (let seq = 3; seq <= 12; seq += 1) {
    await edit(committer, ids, brane, [
      seq === 5 ? newBlock(ids.object(), brane.root) : rename(block, `${seq}`),
    ]);
    if (seq === 8) await buildCheckpoint({ store, environment }, brane.id, { force: true });
  }
  const check = async () => {
    const faults: BraneFault[] = [];
    const report = await checkBrane(store, brane.id, { onFault: (fault) => faults.push(fault) });
    return { report, faults };
  };
  /** All entries that may go. */
  const trim = async () => {
    await environment.advance(1_000);
    const now = new Date(environment.clock.now()).toISOString();
    while ((await committer.forget(brane.id, now, 100)) > 0);
    while ((await committer.trim(brane.id, now, 100)).more);
  };
  const damage = (change: (doc: ObjectDoc) => ObjectDoc) =>
    store.transact({ label: 'test' }, async (tx) => {
      const doc = await tx.get('objects', [brane.id, block]);
      if (doc) tx.put('objects', change(doc));
    });
  return { environment, store, brane, block, check, trim, damage };
}

describe('a brane compared with its log', () => {
  it('is what the log makes, and so is its checkpoint (R2, STORE-18)', async () => {
    const { check } = await setUp();
    expect(await check()).toMatchObject({
      report: { seq: 12, entries: 12, replayed: true, from: 0 },
      faults: [],
    });
  });

  it('is told from one whose checkpoint is not what the log made, which a repair takes away (R2, STORE-18, STORE-19)', async () => {
    const { check, store, brane, block } = await setUp();
    await store.transact({ label: 'test' }, async (tx) => {
      const chunks = await tx.range('checkpoint_chunks', { prefix: [brane.id], limit: 10 });
      for (const chunk of chunks) {
        // The name that the block had at the checkpoint, in CBOR.
        const at = Buffer.from(chunk.bytes).indexOf(Buffer.from([0x61, 0x38]));
        if (at < 0) continue;
        const bytes = Uint8Array.from(chunk.bytes);
        bytes[at + 1] = 0x39;
        tx.put('checkpoint_chunks', { ...chunk, bytes });
      }
    });
    expect((await check()).faults).toEqual([
      {
        kind: 'checkpoint',
        record: 'checkpoint at 8',
        message: `its object ${block} is not what the log makes`,
      },
    ]);
    const removed: string[] = [];
    await repairBrane(store, brane.id, ({ remove }) => {
      removed.push(...remove.map(({ collection }) => collection));
      return Promise.resolve();
    });
    expect(removed).toEqual(['checkpoints', 'checkpoint_pages', 'checkpoint_chunks']);
  });

  it('is compared from its checkpoint on where the log has been trimmed, and repaired only from a whole log (R3, STORE-18, STORE-19)', async () => {
    const { check, trim, damage, store, brane, block } = await setUp();
    await trim();
    expect(await check()).toMatchObject({ report: { entries: 4, replayed: true, from: 8 }, faults: [] });
    await damage((doc) => ({ ...doc, object: { ...doc.object, name: 'not from the log' } }));
    expect((await check()).faults).toMatchObject([{ kind: 'object', record: `objects ${block}` }]);
    const write = jest.fn(() => Promise.resolve());
    await expect(repairBrane(store, brane.id, write)).rejects.toMatchObject({ code: 'corrupt' });
    expect(write).not.toHaveBeenCalled();
  });

  it('has no checkpoint any more once it got another epoch, until the next one is built (L3, R2)', async () => {
    const { check, trim, store, environment, brane } = await setUp();
    await trim();
    await renewEpochs(store, environment);
    expect(await check()).toMatchObject({ report: { replayed: false }, faults: [] });
    const built = await buildCheckpoint({ store, environment }, brane.id, { force: true });
    expect(built).toMatchObject({ kind: 'built', seq: 12, anew: true });
    expect(await check()).toMatchObject({ report: { replayed: true, from: 12 }, faults: [] });
  });
});
