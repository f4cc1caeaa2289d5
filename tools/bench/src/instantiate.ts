import { type Actor, type Committer, createCommitter } from '@state-server/commit';
import {
  asOpId,
  asPrototypeId,
  asUserId,
  type BraneId,
  IDENTITY,
  type PrototypeId,
  type PrototypeNode,
} from '@state-server/domain';
import { openLmdbStore } from '@state-server/persistence-lmdb';
import type { Store } from '@state-server/persistence-port';
import { realEnvironment as environment } from '@state-server/platform';
import { open, type RootDatabase } from 'lmdb';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from './figure';
import { inFolder } from './write-path';

const NODES = 500;
const ROUNDS = 5;
/** Instances of a round, and those before it that are not counted: code is compiled, pages are touched. */
const INSTANCES = 20;
const WARM = 20;

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

type Entry = readonly [key: Buffer, value: Buffer];

/** An instance of a prototype of 500 nodes, durable, against the same keys and bytes written to lmdb and nothing else. */
export async function instantiate(say: (text: string) => void): Promise<readonly Figure[]> {
  const rounds: { ours: Cost; bare: Cost }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`instances of ${NODES} nodes, round ${round} of ${ROUNDS}`);
    rounds.push(await inFolder(oneRound));
  }
  const peer = `bare lmdb: the same keys and bytes in as many transactions`;
  return [
    {
      name: `An instance of a prototype of ${NODES} nodes, committed`,
      unit: 'ms',
      peer,
      ours: rounds.map(({ ours }) => ours.wallMs),
      theirs: rounds.map(({ bare }) => bare.wallMs),
    },
    {
      name: `The same, CPU of the process`,
      unit: 'CPU-ms',
      peer,
      ours: rounds.map(({ ours }) => ours.cpuMs),
      theirs: rounds.map(({ bare }) => bare.cpuMs),
    },
  ];
}

async function oneRound(folder: string): Promise<{ ours: Cost; bare: Cost }> {
  const [path, other] = [join(folder, 'ours'), join(folder, 'bare')];
  mkdirSync(path);
  mkdirSync(other);
  const ours = await instantiateAll(path);
  const database = openBare(path);
  const entries = [...database.getRange({})].map(({ key, value }): Entry => [key, value]);
  await database.close();
  return { ours, bare: await writeAll(other, entries) };
}

async function instantiateAll(path: string): Promise<Cost> {
  const store = await openLmdbStore({ path, environment });
  const committer = createCommitter({ store, publish: () => undefined, environment, writerId: 'bench' });
  const actor: Actor = { kind: 'user', user_id: asUserId(environment.ids.uuid()) };
  const newOp = () => asOpId(environment.ids.uuid());
  const brane = { op_id: newOp(), name: 'bench', visibility: 'private' } as const;
  const { meta } = await committer.createBrane(actor, brane);
  const prototypeId = await publish(store, actor);
  const edit = () => instance(committer, actor, meta.id, prototypeId);
  const cost = await costOf(edit);
  await committer.drain();
  await store.close();
  return cost;
}

async function instance(
  committer: Committer,
  actor: Actor,
  braneId: BraneId,
  id: PrototypeId,
): Promise<void> {
  const op = { op: 'instantiate', prototype_id: id, parent_id: braneId } as const;
  await committer.edit({ brane_id: braneId, actor, op_id: asOpId(environment.ids.uuid()), ops: [op] });
}

/** Written as the use case writes it: the bench is of instances, not of publishing. */
async function publish(store: Store, actor: Actor): Promise<PrototypeId> {
  const id = asPrototypeId(environment.ids.uuid());
  const at = new Date(environment.clock.now()).toISOString();
  const base = { order: 'a0', transform: IDENTITY, properties: {} };
  const nodes = Array.from({ length: NODES }, (_, index): PrototypeNode => {
    const name = index === 0 ? 'root' : `part ${index}`;
    const place = { key: `n${index}`, parent: index === 0 ? null : 'n0', name, ...base };
    return index === 0 ? { ...place, kind: 'group', gallery: {} } : { ...place, kind: 'block', model: null };
  });
  await store.transact({ label: 'bench.publish' }, async (tx) => {
    tx.put('prototypes', {
      id,
      owner_id: actor.user_id,
      kind: 'single',
      name: 'bench',
      tags: [],
      is_public: false,
      is_deprecated: false,
      is_deleted: false,
      latest_version: 1,
      version: 1,
      created_at: at,
      updated_at: at,
    });
    tx.put('prototype_versions', {
      prototype_id: id,
      version: 1,
      objects: NODES,
      levels: 2,
      content_bytes: 10_000,
      migrations: [],
      published_at: at,
      published_by: actor.user_id,
    });
    tx.put('prototype_trees', { prototype_id: id, version: 1, tree: { nodes, members: [] } });
  });
  return id;
}

async function writeAll(path: string, entries: readonly Entry[]): Promise<Cost> {
  const database = openBare(path);
  const transactions = WARM + INSTANCES;
  // Every so-manieth entry: what one transaction writes is spread over the keys like one of ours, and in their order.
  const batches = Array.from({ length: transactions }, (_, turn) =>
    entries.filter((__, index) => index % transactions === turn),
  );
  let turn = 0;
  const cost = await costOf(async () => {
    const batch = batches[turn] ?? [];
    turn += 1;
    await database.transaction(() => {
      for (const [key, value] of batch) database.putSync(key, value);
    });
  });
  await database.close();
  return cost;
}

/** LMDB as the embedded store opens it (docs/decisions/0007). */
function openBare(path: string): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false,
    eventTurnBatching: false,
    pageSize: 8_192,
    mapSize: 16 * 2 ** 30,
  });
}

async function costOf(task: () => Promise<void>): Promise<Cost> {
  for (let turn = 0; turn < WARM; turn += 1) await task();
  const [startedAt, before] = [performance.now(), process.cpuUsage()];
  for (let turn = 0; turn < INSTANCES; turn += 1) await task();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: (performance.now() - startedAt) / INSTANCES, cpuMs: (user + system) / 1_000 / INSTANCES };
}
