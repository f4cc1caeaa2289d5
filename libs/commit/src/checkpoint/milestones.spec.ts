import type { ClientOp, ObjectId, SceneObject } from '@state-server/domain';
import { Scene } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment, seededRandom } from '@state-server/testing';
import { checkBrane } from '../check-brane';
import { decodeEntryOps } from '../frame';
import {
  at,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  rename,
  replayLog,
  storedLog,
} from '../test-support/branes.spec-support';
import { objectsOf } from '../test-support/checkpoints.spec-support';
import { createWriter, refusal } from '../test-support/writer.spec-support';
import { buildCheckpoint } from './build-checkpoint';
import { readManifest } from './manifest';
import { seqAtTime } from './seq-at';
import { readStateAt } from './state-at';
import { sweepCheckpointGarbage } from './sweep-garbage';
import { sweepMilestone } from './sweep-milestones';

const GAP = { entries: 20, bytes: 10_000_000 };

async function setUp() {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const writer = createWriter({ environment, store });
  const { committer, ids } = writer;
  const brane = await makeBrane(committer, ids);
  const soon = {
    ...environment,
    timers: { ...environment.timers, set: (_ms: number, task: () => void) => setImmediate(task) },
  };
  const build = () =>
    buildCheckpoint({ store, environment: soon }, brane.id, { force: true, policy: { milestones: GAP } });
  const change = (ops: readonly ClientOp[]) => edit(committer, ids, brane, ops);
  const random = seededRandom(11);
  const known: ObjectId[] = [];
  /** One entry of whatever kind. */
  const act = async (): Promise<void> => {
    const any = known[Math.floor(random.next() * known.length)];
    const dice = random.next();
    if (!any || dice < 0.3) {
      const [group, block] = [ids.object(), ids.object()];
      const properties = { '/properties': { text: 'x'.repeat(3_000) } };
      await change([
        newGroup(group, brane.root),
        newBlock(block, group),
        { op: 'update', id: block, set: properties },
      ]);
      known.push(group, block);
    } else if (dice < 0.5) await change([rename(any, `${random.next()}`)]);
    else if (dice < 0.7) await change([{ op: 'transform', id: any, transform: at(random.next()) }]);
    else if (dice < 0.8) await refusal(change([{ op: 'delete', id: any }]));
    else if (dice < 0.9) await refusal(change([{ op: 'move', id: any, parent_id: brane.root }]));
    else if (dice < 0.95)
      await refusal(committer.undo({ brane_id: brane.id, actor: actor(), op_id: ids.op() }));
    else
      await committer.administer({
        brane_id: brane.id,
        actor: actor(),
        op_id: ids.op(),
        ops: [{ op: 'set_member', user_id: ids.user(), role: 'viewer' }],
      });
  };
  const actor = () => ({ kind: 'user', user_id: brane.owner }) as const;
  /** So many entries, with a checkpoint after each few, some time apart. */
  const live = async (entries: number): Promise<void> => {
    for (let count = 1; count <= entries; count += 1) {
      await refusal(act());
      if (count % 7 === 0) await build();
      environment.jump(60_000);
    }
  };
  const sweep = async (): Promise<void> => {
    await environment.advance(200_000);
    while ((await sweepCheckpointGarbage(store, environment.clock.now())) > 0);
  };
  const listed = () =>
    store.read({ label: 'test' }, (tx) => tx.range('milestones', { prefix: [brane.id], limit: 1_000 }));
  return { ...writer, environment, store, brane, build, live, sweep, listed, soon };
}

type World = Awaited<ReturnType<typeof setUp>>;

/** By the reducer alone: what every seq left. */
async function statesOf({ store, brane }: World): Promise<Map<number, ReadonlyMap<string, SceneObject>>> {
  const log = await storedLog(store, brane.id);
  const scene = new Scene(replayLog(brane.id, log.slice(0, 1)).meta, []);
  const states = new Map<number, ReadonlyMap<string, SceneObject>>();
  for (const entry of log) {
    const applied = scene.applyAll(decodeEntryOps(entry.frame), entry);
    if (!applied.ok) throw new Error(applied.refusal.code);
    states.set(entry.seq, new Map([...scene.objects()].map((object) => [object.id, object])));
  }
  return states;
}

/** What is stored of checkpoints is what they name, no more and no less. */
async function assertNothingLeft({ store, brane, listed }: World): Promise<void> {
  const milestones = await listed();
  await store.read({ label: 'test' }, async (tx) => {
    const [pointer] = await tx.getMany('checkpoints', [[brane.id]]);
    const named = new Set<string>();
    for (const doc of [...milestones, ...(pointer ? [pointer] : [])]) {
      for (const { build, number } of (await readManifest(tx, doc)).chunks) named.add(`${build}/${number}`);
    }
    const chunks = await tx.range('checkpoint_chunks', { prefix: [brane.id], limit: 10_000 });
    expect(chunks.map(({ build, number }) => `${build}/${number}`).sort()).toEqual([...named].sort());
  });
}

describe('milestones', () => {
  it('let every state that the brane has been in be read, from near by (R2, HIST-5)', async () => {
    const world = await setUp();
    const { store, brane, live, sweep, listed, soon } = world;
    await live(120);
    await sweep();
    const states = await statesOf(world);
    const seqs = [0, ...(await listed()).map(({ seq }) => seq)];
    expect(seqs.length).toBeGreaterThan(5);
    seqs.slice(1).forEach((seq, index) => expect(seq - (seqs[index] ?? 0)).toBeLessThanOrEqual(GAP.entries));
    for (const [seq, objects] of states) {
      const state = await readStateAt(store, brane.id, seq, { environment: soon });
      if (!state) throw new Error('no state');
      expect(objectsOf(state)).toEqual(objects);
    }
    await assertNothingLeft(world);
    expect(await refusal(readStateAt(store, brane.id, states.size + 1))).toBe('history.ahead');
    const faults: unknown[] = [];
    await checkBrane(store, brane.id, { onFault: (fault) => faults.push(fault) });
    expect(faults).toEqual([]);
  });

  it('go with the log that they lead to, and leave nothing behind (R3, CP-3, HIST-6)', async () => {
    const world = await setUp();
    const { store, brane, live, sweep, listed, committer, environment } = world;
    await live(150);
    const states = await statesOf(world);
    const middle = await store.read({ label: 'test' }, (tx) => tx.get('log', [brane.id, 80]));
    const past = '2099-01-01T00:00:00.000Z';
    while ((await committer.forget(brane.id, past, 1_000)) > 0);
    while ((await committer.trim(brane.id, middle?.at ?? '', 1_000)).more);
    const before = await listed();
    while (await sweepMilestone(store, brane.id, environment.clock.now()));
    await sweep();
    const after = await listed();
    expect(after.length).toBeLessThan(before.length);
    expect(after[0]?.seq).toBeGreaterThanOrEqual(79);
    await assertNothingLeft(world);
    const first = after[0]?.seq ?? 0;
    for (const [seq, objects] of states) {
      if (seq < first) {
        expect(await refusal(readStateAt(store, brane.id, seq))).toBe('history.too_old');
        continue;
      }
      const state = await readStateAt(store, brane.id, seq);
      expect(state && objectsOf(state)).toEqual(objects);
    }
    const faults: unknown[] = [];
    const report = await checkBrane(store, brane.id, { onFault: (fault) => faults.push(fault) });
    expect(faults).toEqual([]);
    expect(report).toMatchObject({ from: first, replayed: true });
  });

  it('that are damaged are passed over, and a check names them (CP-4, STORE-18, HIST-5)', async () => {
    const world = await setUp();
    const { store, brane, live, listed } = world;
    await live(100);
    const states = await statesOf(world);
    const damaged = (await listed())[1];
    if (!damaged) throw new Error('too few milestones');
    await store.transact({ label: 'test' }, (tx) => {
      tx.delete('checkpoint_pages', [brane.id, damaged.build, 0]);
      return Promise.resolve();
    });
    const seq = damaged.seq + 3;
    const state = await readStateAt(store, brane.id, seq);
    expect(state && objectsOf(state)).toEqual(states.get(seq));
    const faults: string[] = [];
    await checkBrane(store, brane.id, { onFault: ({ record }) => faults.push(record) });
    expect(faults).toEqual([`milestones ${damaged.seq}`]);
  });

  it('are found by a time: the last entry at or before it (L4, HIST-5)', async () => {
    const { store, brane, live } = await setUp();
    await live(30);
    const log = await storedLog(store, brane.id);
    for (const [index, entry] of log.entries()) {
      expect(await seqAtTime(store, brane.id, entry.at)).toBe(
        log.findLast(({ at: time }) => time === entry.at)?.seq ?? 0,
      );
      const later = new Date(Date.parse(entry.at) + 1).toISOString();
      const next = log[index + 1];
      if (next && next.at > later) expect(await seqAtTime(store, brane.id, later)).toBe(entry.seq);
    }
    expect(await seqAtTime(store, brane.id, '2099-01-01T00:00:00.000Z')).toBe(log.length);
    expect(await refusal(seqAtTime(store, brane.id, '2000-01-01T00:00:00.000Z'))).toBe('history.too_old');
  });
});
