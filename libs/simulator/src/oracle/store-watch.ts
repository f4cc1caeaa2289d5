import { expectedSpace, readCheckpoint } from '@state-server/commit';
import {
  type BraneId,
  type Environment,
  isWithin,
  type ObjectId,
  type Scene,
  type SceneObject,
} from '@state-server/domain';
import { splitFrames } from '@state-server/protocol';
import type { HeadDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { RecordStore } from '@state-server/persistence-records';
import type { Coverage } from '../coverage';
import type { Dice } from '../kernel/dice';
import type { Scheduler } from '../kernel/scheduler';
import type { Report } from '../kernel/violation';
import type { Database } from '../world/database';
import { DurableLog } from './durable-log';
import { difference, same } from './same';

const LIMIT = 100_000;
/** What a purge takes away, besides the record of the brane. */
const PURGED = [
  ...(['objects', 'space', 'log', 'op_results', 'members'] as const),
  ...([
    'checkpoints',
    'checkpoint_pages',
    'checkpoint_chunks',
    'checkpoint_garbage',
    'checkpoint_due',
    'milestones',
  ] as const),
];

/** Nothing that the watcher does takes time or draws chance. */
const STILL: Environment = {
  clock: { now: () => 0, monotonic: () => 0 },
  ids: { uuid: () => '00000000-0000-4000-8000-000000000000' },
  random: { next: () => 0 },
  timers: { set: () => 0, clear: () => undefined },
};

export interface StoreWatchDeps {
  readonly database: Database;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly coverage: Coverage;
  readonly report: Report;
}

/** Reads what became durable in the very event in which it did, and compares the stored state with the log. */
export class StoreWatch {
  readonly logs = new Map<BraneId, DurableLog>();
  /** Told of each entry as it becomes durable. */
  onEntry: (log: DurableLog, seq: number) => void = () => undefined;
  readonly store: Store;
  private readonly checkpoints = new Map<BraneId, number>();
  private readonly snapshots: { readonly braneId: BraneId; readonly scene: Scene; readonly seq: number }[] =
    [];

  constructor(private readonly deps: StoreWatchDeps) {
    this.store = new RecordStore(deps.database.kv, STILL);
    deps.database.onDurable = (label) =>
      label.startsWith('commit.') || label === 'checkpoint.publish' ? this.look() : Promise.resolve();
  }

  log(braneId: string): DurableLog | undefined {
    return this.logs.get(braneId as BraneId);
  }

  /** Of the brane right now: its head's seq, 0 when there is none. */
  seq(braneId: string): number {
    return this.log(braneId)?.seq ?? 0;
  }

  private look(): Promise<void> {
    return this.store.read({ label: 'watch' }, async (tx) => {
      const heads = await tx.range('heads', { prefix: [], limit: LIMIT });
      for (const head of heads) await this.follow(tx, head);
      await this.lookAtCheckpoints(tx);
      const { dice } = this.deps;
      if (dice.chance(0.01)) await this.compare(tx, dice.pick([...this.logs.values()]));
    });
  }

  /** A checkpoint is the state at its seq, from the moment in which it appears (SIM-5, SYNC R2). */
  private async lookAtCheckpoints(tx: ReadTransaction): Promise<void> {
    const { report, coverage } = this.deps;
    for (const { brane_id: braneId, seq } of await tx.range('checkpoints', { prefix: [], limit: LIMIT })) {
      const log = this.logs.get(braneId);
      if (!log || this.checkpoints.get(braneId) === seq) continue;
      if (seq < (this.checkpoints.get(braneId) ?? 0))
        report('SIM-5', `the checkpoint of ${braneId} went back to ${seq}`);
      this.checkpoints.set(braneId, seq);
      const state = await readCheckpoint(this.store, braneId);
      if (!state) continue;
      const objects = state.chunks.flatMap(({ bytes }) => splitFrames(bytes) as SceneObject[]);
      const then = log.rebuild(state.seq);
      const differs = difference(then.objects(), objects);
      if (differs !== undefined || !same(then.meta, state.meta)) {
        report('SIM-5', `the checkpoint of ${braneId} at ${state.seq}: ${differs ?? 'another brane'}`);
      }
      coverage.count('checkpoints');
    }
  }

  private async follow(tx: ReadTransaction, head: HeadDoc): Promise<void> {
    const { report, coverage, scheduler } = this.deps;
    const log = this.logs.get(head.brane_id) ?? new DurableLog(head.brane_id, report, coverage);
    this.logs.set(head.brane_id, log);
    const before = log.seq;
    if (head.seq > before) {
      const docs = await tx.range('log', { prefix: [head.brane_id], gt: [before], limit: LIMIT });
      for (const doc of docs) {
        const result = await tx.get('op_results', [head.brane_id, doc.actor, doc.op_id]);
        log.add(doc, result?.target_op_id, scheduler.now);
      }
      if (log.seq !== head.seq)
        report('SIM-1', `${head.brane_id}: the head is at ${head.seq}, the log at ${log.seq}`);
    }
    log.see(head);
    for (let seq = before + 1; seq <= log.seq; seq += 1) this.onEntry(log, seq);
  }

  /** Stored objects, members, facts and places against the log (SIM-5, SIM-8). */
  private async compare(tx: ReadTransaction, log: DurableLog | undefined): Promise<void> {
    if (!log?.head || log.head.status === 'purging' || log.head.status === 'purged') return;
    const { report, coverage } = this.deps;
    const { braneId, scene, head } = log;
    const docs = await tx.range('objects', { prefix: [braneId], limit: LIMIT });
    const objects = docs.map((doc) => doc.object);
    const differs = difference(scene.objects(), objects);
    if (differs !== undefined) report('SIM-5', `stored at ${log.seq} of ${braneId}: ${differs}`);
    if (head.objects !== objects.length)
      report('SIM-5', `the head counts ${head.objects}, not ${objects.length}`);
    const brane = await tx.get('branes', [braneId]);
    const members = await tx.range('members', { prefix: [braneId], limit: LIMIT });
    const roles = Object.fromEntries(members.map(({ user_id, role }) => [user_id, role]));
    const { version: _version, ...facts } = brane ?? { version: 0 };
    if (!same(log.meta, { ...facts, members: roles })) {
      report(
        'SIM-5',
        `${braneId} is stored as ${JSON.stringify({ ...facts, members: roles })}, not ${JSON.stringify(log.meta)}`,
      );
    }
    const space = await tx.range('space', { prefix: [braneId], limit: LIMIT });
    this.compareSpace(log, docs, space);
    if (this.snapshots.length < 8) {
      this.snapshots.push({ braneId, scene: sceneOf(log, objects), seq: log.seq });
    }
    coverage.count('snapshots_checked');
  }

  private compareSpace(
    { scene, head, braneId }: DurableLog,
    docs: readonly { readonly id: ObjectId; readonly cell: readonly number[] }[],
    space: readonly {
      readonly id: ObjectId;
      readonly x: number;
      readonly y: number;
      readonly z: number;
      readonly level: number;
    }[],
  ): void {
    const { report } = this.deps;
    const expected = expectedSpace(scene.objects());
    const indexed = new Map(space.map(({ id, x, y, z, level }) => [id, [x, y, z, level]]));
    if (indexed.size !== space.length || space.length !== docs.length) {
      report('SIM-8', `${space.length} places for ${docs.length} objects`);
    }
    const moving = head?.rekeying ?? [];
    for (const { id, cell } of docs) {
      if (!same(indexed.get(id), [...cell]))
        report('SIM-8', `${id} is in ${String(indexed.get(id))}, its record says ${String(cell)}`);
      if (same(expected.get(id), [...cell])) continue;
      const object = scene.get(id);
      const isListed = object && moving.some((group) => isWithin(scene, object, group));
      if (!isListed)
        report('SIM-8', `${id} of ${braneId} is in ${String(cell)}, not in ${String(expected.get(id))}`);
    }
  }

  /** All of it, once the world is at rest. */
  async atRest(): Promise<void> {
    const { report } = this.deps;
    await this.store.read({ label: 'watch.rest' }, async (tx) => {
      for (const log of this.logs.values()) {
        await this.compare(tx, log);
        await this.reread(tx, log);
        if (log.head?.status === 'purged') await this.purged(tx, log);
        const again = log.rebuild(log.seq);
        const differs = difference(log.scene.objects(), again.objects());
        if (differs !== undefined) report('SIM-5', `${log.braneId} from its log: ${differs}`);
      }
    });
    for (const { braneId, scene, seq } of this.snapshots) {
      const log = this.logs.get(braneId);
      if (!log) continue;
      const differs = difference(log.scene.objects(), log.rebuild(log.seq, { scene, seq }).objects());
      if (differs !== undefined) report('SIM-5', `${braneId} from its state at ${seq}: ${differs}`);
    }
  }

  /** What was durable once is so still, byte by byte. */
  private async reread(tx: ReadTransaction, log: DurableLog): Promise<void> {
    const { report } = this.deps;
    const { braneId, head } = log;
    const docs = await tx.range('log', { prefix: [braneId], limit: LIMIT });
    for (const doc of docs) {
      if (!same(log.entry(doc.seq)?.frame, doc.frame)) report('SIM-1', `${braneId} ${doc.seq} was rewritten`);
    }
    const floor = head?.log_floor ?? 1;
    const expected = Math.max(0, log.seq - floor + 1);
    const readable = docs.filter(({ seq }) => seq >= floor).length;
    if (readable !== expected)
      report('SIM-1', `${braneId} has ${readable} entries above its floor, not ${expected}`);
  }

  private async purged(tx: ReadTransaction, { braneId, scene }: DurableLog): Promise<void> {
    const { report, coverage } = this.deps;
    coverage.count('purged');
    for (const name of PURGED) {
      const left = await tx.range(name, { prefix: [braneId], limit: 1 });
      if (left.length > 0) report('SIM-14', `${name} of ${braneId} are left`);
    }
    if (await tx.get('branes', [braneId])) report('SIM-14', `the record of ${braneId} is left`);
    for (const { id } of scene.objects()) {
      if (!(await tx.get('object_ids', [id]))) report('SIM-14', `the id ${id} is free again`);
    }
  }
}

function sceneOf(log: DurableLog, objects: Iterable<Parameters<Scene['put']>[0]>): Scene {
  const scene = log.rebuild(0);
  for (const object of objects) scene.put(object);
  scene.setMeta(log.meta);
  return scene;
}
