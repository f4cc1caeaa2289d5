import {
  type BraneId,
  type ClientOp,
  isLive,
  type ObjectId,
  type Scene,
  type SceneObject,
} from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment, seededRandom } from '@state-server/testing';
import { checkBrane } from '../check-brane';
import { createCommitter } from '../create-committer';
import { FORK, forkedBraneId, forkOperation } from '../history/fork-operation';
import { PastTree } from '../history/past-tree';
import { collectBatch, RESTORE_START } from '../history/restore-batch';
import { RESTORE, restoreOperation } from '../history/restore-operation';
import { startOperation } from '../operations/start-operation';
import { operationKinds, workOperation } from '../operations/work-operation';
import {
  assertConsistent,
  at,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  type TestBrane,
  user,
} from './branes.spec-support';
import { createWriter, refusal } from './writer.spec-support';

export async function setUpHistory(seed = 1) {
  const environment = createFakeEnvironment({ seed });
  const soon = {
    ...environment,
    timers: { ...environment.timers, set: (_ms: number, task: () => void) => setImmediate(task) },
  };
  const store = createMemoryStore({ environment });
  const writer = createWriter({ environment, store });
  const { committer, ids } = writer;
  const brane = await makeBrane(committer, ids);
  const change = async (ops: readonly ClientOp[]) => {
    environment.jump(1_000);
    return (await edit(committer, ids, brane, ops)).seq;
  };
  const now = () => new Date(environment.clock.now()).toISOString();
  /** As one edit. */
  const restore = async (seq: number, subtree?: ObjectId) => {
    const tree = await PastTree.read({ store, environment: soon }, brane.id, seq, subtree);
    const op_id = ids.op();
    const plan = { brane_id: brane.id, tree, before: now(), seed: op_id };
    const limits = { targets: 100_000, bytes: 10_000_000, looked: 1_000_000 };
    const { targets, bytes } = await collectBatch(store, plan, RESTORE_START, limits);
    environment.jump(1_000);
    const asked = { seq };
    return committer.restore({
      ...{ brane_id: brane.id, actor: user(brane.owner), op_id },
      ...{ asked, targets, bytes },
    });
  };
  const process = (name: string, through: Store = store) => {
    const own = createCommitter({ store: through, environment, publish: () => undefined, writerId: name });
    const deps = { store: through, environment: soon, committer: own };
    const kinds = operationKinds([restoreOperation(deps), forkOperation(deps)]);
    return (id: string) => workOperation({ store: through, environment, kinds, runner: name }, id);
  };
  const startRestore = (seq: number) =>
    startOperation(
      { store, environment },
      {
        ...{ kind: RESTORE, brane_id: brane.id, user_id: brane.owner, op_id: ids.op() },
        input: { seq, before: now() },
      },
    );
  const startFork = async (seq: number): Promise<{ readonly fork: TestBrane; readonly id: string }> => {
    const op_id = ids.op();
    const id = forkedBraneId(brane.id, brane.owner, op_id);
    const forked_from = { brane_id: brane.id, epoch: 'e' as never, seq, complete: false };
    await committer.createBrane(user(brane.owner), {
      ...{ op_id, id, name: 'fork', visibility: 'private', forked_from },
    });
    const { operation } = await startOperation(
      { store, environment },
      {
        ...{ kind: FORK, brane_id: id, asked_of: brane.id, user_id: brane.owner, op_id },
        input: { source: brane.id, forked_from },
      },
    );
    return { fork: { ...brane, id, root: id }, id: operation.id };
  };
  const scene = (id: BraneId = brane.id) => assertConsistent(store, id);
  return { ...writer, environment, store, brane, change, restore, process, startRestore, startFork, scene };
}

export type HistoryWorld = Awaited<ReturnType<typeof setUpHistory>>;

/** What somebody sees: the live tree, without versions and times. */
export function picture(scene: Scene): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const object of scene.objects()) {
    if (!isLive(scene, object)) continue;
    const { name, parent_id, order, transform, properties, kind } = object;
    const gallery = object.kind === 'group' ? object.gallery : undefined;
    seen[object.id] = { name, parent_id, order, transform: [...transform], properties, kind, gallery };
  }
  return seen;
}

/** The same of a fork, told in the names of what it was copied from. */
export function translated(scene: Scene, names: ReadonlyMap<string, string>): Record<string, unknown> {
  const told = Object.entries(picture(scene)).map(([id, seen]) => {
    const { parent_id: parent, ...rest } = seen as { readonly parent_id: string | null };
    return [names.get(id), { ...rest, parent_id: parent === null ? null : names.get(parent) }];
  });
  return Object.fromEntries(told) as Record<string, unknown>;
}

/** A life of edits, deletions, moves and undos; answers what was seen after each entry. */
export async function live(
  world: HistoryWorld,
  entries: number,
  seed: number,
): Promise<Map<number, unknown>> {
  const { brane, change, ids, committer, scene, environment } = world;
  const random = seededRandom(seed);
  const seen = new Map<number, unknown>();
  const pick = (objects: readonly SceneObject[]): SceneObject | undefined =>
    objects[Math.floor(random.next() * objects.length)];
  let now = await scene();
  for (let count = 0; count < entries; count += 1) {
    const before = now;
    const alive = [...before.objects()].filter(
      (object) => object.parent_id !== null && isLive(before, object),
    );
    const groups = alive.filter(({ kind }) => kind === 'group');
    const any = pick(alive);
    const under = pick(groups)?.id ?? brane.root;
    const dice = random.next();
    if (!any || dice < 0.35) {
      const id = ids.object();
      await refusal(change([random.next() < 0.5 ? newGroup(id, under) : newBlock(id, under, 'b')]));
    } else if (dice < 0.5) {
      const set = { '/name': `${random.next()}`, [`/properties/${Math.floor(random.next() * 3)}`]: count };
      await change([{ op: 'update', id: any.id, set }]);
    } else if (dice < 0.6) await change([{ op: 'transform', id: any.id, transform: at(count) }]);
    else if (dice < 0.8) await refusal(change([{ op: 'move', id: any.id, parent_id: under }]));
    else if (dice < 0.92) await change([{ op: 'delete', id: any.id }]);
    else if (dice < 0.97) {
      const undo = { brane_id: brane.id, actor: user(brane.owner), op_id: ids.op() };
      await refusal(committer.undo(undo));
    } else {
      environment.jump(1_000);
      await committer.reap(brane.id, new Date(environment.clock.now()).toISOString(), 3);
    }
    now = await scene();
    const head = await world.store.read({ label: 'test' }, (tx) => tx.get('heads', [brane.id]));
    seen.set(head?.seq ?? 0, picture(now));
  }
  return seen;
}

export async function assertWhole(world: HistoryWorld, id: BraneId = world.brane.id): Promise<void> {
  const faults: unknown[] = [];
  await checkBrane(world.store, id, { onFault: (fault) => faults.push(fault) });
  expect(faults).toEqual([]);
}
