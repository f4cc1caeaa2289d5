import { createCommitter, type Committer } from '@state-server/commit';
import {
  asObjectId,
  asOpId,
  asUserId,
  type BraneId,
  type ClientOp,
  compose,
  type ObjectId,
  type Random,
  type UserId,
} from '@state-server/domain';
import { openLmdbStore } from '@state-server/persistence-lmdb';
import type { Store } from '@state-server/persistence-port';
import { nextInt, pick, seededRandom } from '@state-server/testing';
import { environment } from '../environment';

/** A store on disk with a few branes that have been worked in, for the specs of this tool. */
export interface FilledStore {
  readonly path: string;
  readonly store: Store;
  readonly committer: Committer;
  readonly branes: readonly BraneId[];
  readonly owner: UserId;
  /** One more edit in one of the branes. */
  edit(): Promise<void>;
}

export interface FillOptions {
  readonly path: string;
  readonly branes?: number;
  /** Of each brane. */
  readonly edits?: number;
  readonly seed?: number;
}

const uuid = (): string => environment.ids.uuid();

export async function fillStore(options: FillOptions): Promise<FilledStore> {
  const { path, branes: count = 3, edits = 60, seed = 1 } = options;
  const store = await openLmdbStore({ path, environment });
  const committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'filler' });
  const owner = asUserId(uuid());
  await putUser(store, owner);
  const works: BraneWork[] = [];
  for (let index = 0; index < count; index += 1) {
    const { meta } = await committer.createBrane(
      { kind: 'user', user_id: owner },
      { op_id: asOpId(uuid()), name: `brane ${index}`, visibility: 'private' },
    );
    works.push({ id: meta.id, group: undefined, blocks: [] });
  }
  const random = seededRandom(seed);
  const edit = async (): Promise<void> => {
    const work = pick(random, works);
    const actor = { kind: 'user', user_id: owner } as const;
    const ops = [nextOp(work, random)];
    await committer.edit({ brane_id: work.id, actor, op_id: asOpId(uuid()), ops });
  };
  for (let done = 0; done < edits * count; done += 1) await edit();
  return { path, store, committer, branes: works.map(({ id }) => id), owner, edit };
}

/** What was made in one brane so far. */
interface BraneWork {
  readonly id: BraneId;
  group: ObjectId | undefined;
  readonly blocks: ObjectId[];
}

async function putUser(store: Store, id: UserId): Promise<void> {
  const time = new Date(environment.clock.now()).toISOString();
  const times = { created_at: time, updated_at: time };
  await store.transact({ label: 'fill' }, async (tx) => {
    tx.put('users', { id, name: 'Ada', roles: ['user'], version: 1, ...times });
  });
}

function nextOp(work: BraneWork, random: Random): ClientOp {
  const { group, blocks } = work;
  const kind = nextInt(random, 10);
  if (group === undefined) {
    work.group = asObjectId(uuid());
    const parent_id = asObjectId(work.id);
    return { op: 'create', object: { kind: 'group', id: work.group, parent_id, name: 'group' } };
  }
  if (blocks.length < 5 || kind < 4) {
    const id = asObjectId(uuid());
    blocks.push(id);
    return { op: 'create', object: { kind: 'block', id, parent_id: group, name: `block ${blocks.length}` } };
  }
  const id = pick(random, blocks);
  switch (kind) {
    case 4:
      blocks.splice(blocks.indexOf(id), 1);
      return { op: 'delete', id };
    case 5:
      return { op: 'update', id, set: { '/properties/text': 'long '.repeat(1_500) } };
    case 6:
      return { op: 'update', id, set: { '/name': `named ${nextInt(random, 1_000)}` } };
    default: {
      const translation = [random.next() * 100, 0, random.next() * 100] as const;
      const transform = compose({ translation, rotation: [0, 0, 0, 1], scale: [1, 1, 1] });
      return { op: 'transform', id: kind === 7 ? group : id, transform };
    }
  }
}
