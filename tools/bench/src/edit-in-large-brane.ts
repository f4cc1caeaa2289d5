import type { Actor, Committer } from '@state-server/commit';
import { asOpId, asUserId } from '@state-server/domain';
import { realEnvironment as environment } from '@state-server/platform';
import type { Figure } from './figure';
import { buildBrane, type BuiltBrane } from './large-brane';
import { inFolder, withWritePath } from './write-path';

const SIZES = { small: 100, large: 100_000 };
const EDITS = 500;
const ROUNDS = 5;
/** CPU of one edit in a brane of 100,000 objects against one of 100, in turn. */
export function editInLargeBrane(say: (text: string) => void): Promise<Figure> {
  return inFolder((folder) => withWritePath(folder, (committer) => compare(committer, say)));
}

async function compare(committer: Committer, say: (text: string) => void): Promise<Figure> {
  const actor: Actor = { kind: 'user', user_id: asUserId(environment.ids.uuid()) };
  say(`building branes of ${SIZES.small} and ${SIZES.large} objects`);
  const small = await buildBrane(committer, actor, SIZES.small);
  const large = await buildBrane(committer, actor, SIZES.large);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`edits in a large brane, round ${round} of ${ROUNDS}`);
    ours.push(await cpuPerEdit(committer, actor, large));
    theirs.push(await cpuPerEdit(committer, actor, small));
  }
  return {
    name: `One edit in a brane of ${SIZES.large} objects`,
    unit: 'CPU-µs per edit',
    peer: `the same in a brane of ${SIZES.small}`,
    ours,
    theirs,
  };
}

async function cpuPerEdit(committer: Committer, actor: Actor, brane: BuiltBrane): Promise<number> {
  const before = process.cpuUsage();
  for (let turn = 0; turn < EDITS; turn += 1) {
    const object = brane.blocks[Math.floor(environment.random.next() * brane.blocks.length)];
    if (!object) continue;
    const transform = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, turn % 100, 0, 0, 1);
    const ops = [{ op: 'transform', id: object, transform } as const];
    await committer.edit({ brane_id: brane.id, actor, op_id: asOpId(environment.ids.uuid()), ops });
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / EDITS;
}
