import { type Actor, buildCheckpoint, createCommitter } from '@state-server/commit';
import { asOpId, asUserId, type BraneId, compose, type ObjectId } from '@state-server/domain';
import { getSnapshot } from '@state-server/features-brane';
import { openLmdbStore } from '@state-server/persistence-lmdb';
import type { Store } from '@state-server/persistence-port';
import { realEnvironment as environment } from '@state-server/platform';
import type { Figure } from './figure';
import { buildBrane } from './large-brane';
import { inFolder } from './write-path';

const ENTRIES = 100_000;
/** How jobs-runner keeps up: at the earliest every so many entries. */
const CHECKPOINT_EVERY = 2_000;
const SIZES = [1_000, 10_000] as const;
const ROUNDS = 5;
/** Snapshots of a round, on either side. */
const SNAPSHOTS = 8;

interface Town {
  readonly store: Store;
  readonly actor: Extract<Actor, { kind: 'user' }>;
  readonly id: BraneId;
}

/** A snapshot as of any seq of a log of 100,000 entries, against one of the head; in process, without encoding. */
export async function snapshotAt(say: (text: string) => void): Promise<readonly Figure[]> {
  // The pauses of a checkpoint and of a snapshot keep no process alive.
  const alive = setInterval(() => undefined, 1_000);
  const figures: Figure[] = [];
  for (const objects of SIZES) {
    figures.push(await inFolder((path) => oneSize(path, objects, say)));
  }
  clearInterval(alive);
  return figures;
}

async function oneSize(path: string, objects: number, say: (text: string) => void): Promise<Figure> {
  const store = await openLmdbStore({ path, environment });
  const committer = createCommitter({ store, publish: () => undefined, environment, writerId: 'bench' });
  const actor = { kind: 'user', user_id: asUserId(environment.ids.uuid()) } as const;
  say(`a brane of ${objects} objects, and ${ENTRIES} entries`);
  const { id, blocks } = await buildBrane(committer, actor, objects);
  const move = (block: ObjectId | undefined) => {
    const translation = [environment.random.next() * 10, 0, 0] as const;
    const transform = compose({ translation: [...translation], rotation: [0, 0, 0, 1], scale: [1, 1, 1] });
    const ops = [{ op: 'transform', id: block ?? id, transform } as const];
    return committer.edit({ brane_id: id, actor, op_id: asOpId(environment.ids.uuid()), ops });
  };
  for (let made = 0; made < ENTRIES; made += CHECKPOINT_EVERY) {
    for (let part = 0; part < CHECKPOINT_EVERY; part += 100) {
      const some = Array.from({ length: 100 }, (_, n) => blocks[(made + part + n) % blocks.length]);
      await Promise.all(some.map(move));
    }
    await buildCheckpoint({ store, environment }, id, { force: true });
  }
  await committer.drain();
  const figure = await measure({ store, actor, id }, objects, say);
  await store.close();
  return figure;
}

async function measure(town: Town, objects: number, say: (text: string) => void): Promise<Figure> {
  const [ours, theirs]: number[][] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const past = await medianOf(() => snapshot(town, 1 + Math.floor(environment.random.next() * ENTRIES)));
    const head = await medianOf(() => snapshot(town));
    say(`round ${round} of ${ROUNDS}: at any seq ${past.toFixed(1)} ms, at the head ${head.toFixed(1)} ms`);
    // The first round compiles.
    if (round === 0) continue;
    ours?.push(past);
    theirs?.push(head);
  }
  return {
    name: `A snapshot at any seq of a log of ${ENTRIES} entries, brane of ${objects} objects`,
    unit: 'ms',
    peer: 'at the head',
    ours: ours ?? [],
    theirs: theirs ?? [],
  };
}

async function snapshot({ store, actor, id }: Town, at?: number): Promise<void> {
  const input = { user_id: actor.user_id, brane_id: id };
  await getSnapshot({ store, environment }, at === undefined ? input : { ...input, at });
}

async function medianOf(run: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < SNAPSHOTS; turn += 1) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}
