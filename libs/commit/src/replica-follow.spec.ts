import {
  asEpoch,
  asObjectId,
  type ClientOp,
  type ObjectId,
  type Op,
  type OpContext,
  type Random,
  resolveEdit,
  Scene,
  spatialKey,
  WorkingCopy,
} from '@state-server/domain';
import type { HeadDoc, ObjectDoc } from '@state-server/persistence-port';
import { buildWorld, nextInt, pick, seededIds, seededRandom } from '@state-server/testing';
import { Replica } from './replica';
import { at } from './test-support/branes.spec-support';

const epoch = asEpoch('e');

function randomOp(random: Random, scene: Scene, newId: () => ObjectId): ClientOp {
  const ids = [...scene.objects()].map((object) => object.id);
  const groups = [...scene.objects()].filter((object) => object.kind === 'group').map((object) => object.id);
  const [id, parent_id] = [pick(random, ids), pick(random, groups)];
  switch (nextInt(random, 6)) {
    case 0:
    case 1: {
      const kind = random.next() < 0.4 ? 'group' : 'block';
      return { op: 'create', object: { kind, id: newId(), parent_id } };
    }
    case 2:
      return { op: 'update', id, set: { '/name': `name ${nextInt(random, 100)}` } };
    case 3:
      return { op: 'transform', id, transform: at(nextInt(random, 100)) };
    case 4:
      return { op: 'move', id, parent_id };
    default:
      return { op: 'delete', id };
  }
}

/** Now and then marked leaves are reaped (SYNC S1), or siblings get other keys in another order (SYNC S6). */
function upkeep(random: Random, scene: Scene): Op[] {
  const objects = [...scene.objects()];
  const leaves = objects.filter(({ id }) => scene.isDeleted(id) && scene.children(id).length === 0);
  const reap: Op[] =
    random.next() < 0.3 && leaves.length > 0 ? [{ op: 'reap', ids: leaves.map(({ id }) => id) }] : [];
  const { id } = pick(random, objects);
  const siblings = scene.children(id);
  if (random.next() < 0.8 || siblings.length < 2 || reap.length > 0) return reap;
  const keys = siblings.map((_, i) => `b${String.fromCharCode(65 + i)}`).reverse();
  const orders = Object.fromEntries(siblings.map((sibling, i) => [sibling, keys[i] ?? 'a0']));
  return [{ op: 'reorder', parent_id: id, orders }];
}

/** Reads something of the scene as it is now, as a transaction on this head does. */
function learn(random: Random, scene: Scene, replica: Replica): void {
  const object = pick(random, [...scene.objects()]);
  if (random.next() < 0.5) replica.learnObject(docOf(scene, object.id));
  else {
    const docs = scene.children(object.id).map((id) => docOf(scene, id));
    replica.learnChildren(object.id, docs, random.next() < 0.5);
  }
}

function docOf(scene: Scene, id: ObjectId): ObjectDoc {
  const object = scene.get(id);
  if (!object) throw new RangeError(`there is no object ${id}`);
  const { brane_id, parent_id, order } = object;
  return { brane_id, id, parent_id, order, object, cell: spatialKey(object.transform, 0) };
}

function headOf(scene: Scene, seq: number): HeadDoc {
  return {
    brane_id: scene.meta.id,
    epoch,
    seq,
    at: '2026-01-01T00:00:00.000Z',
    status: 'live',
    objects: scene.size,
    log_floor: 1,
    dedupe_floor: 1,
  };
}

function assertTrue(scene: Scene, replica: Replica): void {
  for (const { id } of scene.objects()) {
    if (replica.knows(id)) expect(replica.get(id)).toEqual(scene.get(id));
    if (replica.knowsChildren(id)) expect(replica.children(id)).toEqual(scene.children(id));
  }
  expect(replica.size).toBe(scene.size);
}

describe('what a replica holds of a brane', () => {
  it.each(Array.from({ length: 10 }, (_, i) => i + 1))(
    'stays true whatever others commit and however little it knows (WRITE-4, seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      const ids = seededIds(random);
      const newId = () => asObjectId(ids.uuid());
      const world = buildWorld(ids);
      const scene = new Scene(world.meta(), [world.root()]);
      const replica = new Replica(epoch, 1);
      let known = 0;
      for (let seq = 2; seq < 90; seq += 1) {
        const context: OpContext = { seq, at: '2026-01-01T00:00:00.000Z', actor: world.owner };
        const copy = new WorkingCopy(scene);
        const resolved = resolveEdit(copy, [randomOp(random, scene, newId)], context, { newId });
        const ops = [...(resolved.ok ? resolved.value.ops : []), ...upkeep(random, scene)];
        for (const op of ops) if (scene.apply(op, context).ok) replica.follow(op, context);
        replica.standOn(headOf(scene, seq));
        assertTrue(scene, replica);
        learn(random, scene, replica);
        if (random.next() < 0.05) replica.trim(replica.bytes / 2);
        known += [...scene.objects()].filter(({ id }) => replica.knows(id)).length;
      }
      expect(known).toBeGreaterThan(100);
    },
  );

  it('counts its bytes up and down to nothing', () => {
    const ids = seededIds(seededRandom(1));
    const world = buildWorld(ids);
    const objects = [world.root(), world.group(), world.block(), world.block()];
    const scene = new Scene(world.meta(), objects);
    const replica = new Replica(epoch, 1);
    for (const { id } of objects) replica.learnObject(docOf(scene, id));
    const children = scene.children(world.braneId).map((id) => docOf(scene, id));
    replica.learnChildren(world.braneId, children, true);
    const full = replica.bytes;
    expect(full).toBeGreaterThan(1_000);
    for (const { id } of objects) replica.learnObject(docOf(scene, id));
    replica.learnChildren(world.braneId, children, false);
    expect(replica.bytes).toBe(full);
    replica.trim(0);
    expect(replica.bytes).toBe(0);
  });
});
