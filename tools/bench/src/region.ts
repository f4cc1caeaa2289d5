import { type Committer, expectedSpace, readRegion } from '@state-server/commit';
import {
  asObjectId,
  asOpId,
  asUserId,
  type Block,
  type BraneId,
  compose,
  type Region,
  type SceneObject,
} from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { realEnvironment as environment } from '@state-server/platform';
import type { Figure } from './figure';
import { inFolder, withWritePath } from './write-path';

const SIZES = { small: 10_000, large: 1_000_000 };
const QUERIES = 200;
const ROUNDS = 7;
const WANTED = 200;
/** Documents of three collections each. */
const OBJECTS_PER_TRANSACTION = 400;
/** One block on each square of the ground, metres. */
const SPACING = 4;
/** 14 by 15 blocks, of which a page takes 200. */
const REGION = { x: 13 * SPACING, z: 14 * SPACING };

/** A region that returns 200 objects, in a brane of 1,000,000 and in one of 10,000, in turn. */
export function regionInLargeBrane(say: (text: string) => void): Promise<Figure> {
  return inFolder((folder) => withWritePath(folder, (committer, store) => compare(committer, store, say)));
}

interface Paved {
  readonly id: BraneId;
  /** Blocks along each side. */
  readonly side: number;
}

async function compare(committer: Committer, store: Store, say: (text: string) => void): Promise<Figure> {
  say(`building branes of ${SIZES.small} and ${SIZES.large} objects`);
  const small = await pave(committer, store, SIZES.small);
  const large = await pave(committer, store, SIZES.large, say);
  const ours: number[] = [];
  const theirs: number[] = [];
  await queries(store, small);
  await queries(store, large);
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`regions, round ${round} of ${ROUNDS}`);
    ours.push(await queries(store, large));
    theirs.push(await queries(store, small));
  }
  return {
    name: `A region with ${WANTED} objects in a brane of ${SIZES.large}`,
    unit: 'CPU-µs per query',
    peer: `the same in a brane of ${SIZES.small}`,
    ours,
    theirs,
  };
}

/** Microseconds of CPU of one query, each at another place. */
async function queries(store: Store, { id, side }: Paved): Promise<number> {
  const before = process.cpuUsage();
  for (let turn = 0; turn < QUERIES; turn += 1) {
    const x = Math.floor(environment.random.next() * (side - 15)) * SPACING;
    const z = Math.floor(environment.random.next() * (side - 16)) * SPACING;
    const region: Region = { min: [x, -1, z], max: [x + REGION.x, 1, z + REGION.z] };
    const found = await store.read({ label: 'bench' }, async (tx) => {
      const head = await tx.get('heads', [id]);
      if (!head) throw new Error('no head');
      return (await readRegion(tx, head, { region, limit: WANTED })).found.length;
    });
    if (found !== WANTED) throw new Error(`the region held ${found} objects`);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / QUERIES;
}

/**
 * A brane with a block every four metres, its documents put into the store as the write path would leave them, without
 * the log: a million edits would take an hour, and no region query looks at the log.
 */
async function pave(
  committer: Committer,
  store: Store,
  objects: number,
  say: (text: string) => void = () => undefined,
): Promise<Paved> {
  const owner = asUserId(environment.ids.uuid());
  const { meta } = await committer.createBrane(
    { kind: 'user', user_id: owner },
    { op_id: asOpId(environment.ids.uuid()), name: 'bench', visibility: 'private' },
  );
  const root = await store.read({ label: 'bench' }, (tx) => tx.get('objects', [meta.id, meta.id]));
  if (!root) throw new Error('no root');
  const side = Math.floor(Math.sqrt(objects));
  for (let from = 0; from < objects; from += OBJECTS_PER_TRANSACTION) {
    const count = Math.min(OBJECTS_PER_TRANSACTION, objects - from);
    await put(
      store,
      root.object,
      Array.from({ length: count }, (_, at) => block(root.object, side, from + at)),
    );
    if (from % 100_000 === 0) say(`${from} of ${objects} objects`);
  }
  return { id: meta.id, side };
}

function block(root: SceneObject, side: number, index: number): Block {
  const { brane_id, seq, created_at, updated_at, created_by, updated_by } = root;
  const x = (index % side) * SPACING;
  const z = Math.floor(index / side) * SPACING;
  return {
    kind: 'block',
    id: asObjectId(environment.ids.uuid()),
    brane_id,
    parent_id: root.id,
    order: `a${index.toString(36).padStart(5, '0')}V`,
    name: '',
    transform: compose({ translation: [x, 0, z] }),
    properties: {},
    prototype: null,
    version: 1,
    seq,
    created_at,
    updated_at,
    created_by,
    updated_by,
    model: null,
  };
}

async function put(store: Store, root: SceneObject, blocks: readonly Block[]): Promise<void> {
  const cells = expectedSpace([root, ...blocks]);
  await store.transact({ label: 'bench' }, async (tx) => {
    for (const object of blocks) {
      const { id, brane_id, parent_id, order, version } = object;
      const cell = cells.get(id);
      if (!cell) throw new Error('no cell');
      const [x, y, z, level] = cell;
      tx.put('objects', { brane_id, id, parent_id, order, object, cell });
      tx.put('space', { brane_id, level, x, y, z, id });
      tx.put('object_ids', { id, brane_id, version });
    }
  });
}
