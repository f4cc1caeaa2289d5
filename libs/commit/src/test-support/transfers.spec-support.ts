import type { BraneId, ObjectId, OpId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { checkBrane } from '../check-brane';
import type { Committed, Committer } from '../committer';
import {
  assertConsistent,
  at,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  rename,
  type TestBrane,
  user,
} from './branes.spec-support';
import { createWriter } from './writer.spec-support';

export function setUp(
  writerId = 'writer',
  shared?: { store: Store; environment: ReturnType<typeof createFakeEnvironment> },
) {
  const environment = shared?.environment ?? createFakeEnvironment();
  const store = shared?.store ?? createMemoryStore({ environment });
  return createWriter({ environment, store, writerId });
}

export type Writer = ReturnType<typeof setUp>;

export interface Scenery {
  readonly from: TestBrane;
  readonly to: TestBrane;
  readonly house: ObjectId;
  readonly chair: ObjectId;
  readonly attic: ObjectId;
}

/** A house with a chair and an attic in one brane, and another brane of the same owner. */
export async function build({ committer, ids }: Writer): Promise<Scenery> {
  const from = await makeBrane(committer, ids);
  const there = await makeBrane(committer, ids);
  const actor = user(there.owner);
  const member = { op: 'set_member', user_id: from.owner, role: 'editor' } as const;
  await committer.administer({ brane_id: there.id, actor, op_id: ids.op(), ops: [member] });
  const to = { ...there, owner: from.owner };
  const [house, chair, attic] = [ids.object(), ids.object(), ids.object()];
  await edit(committer, ids, from, [
    newGroup(house, from.root, 'house'),
    newBlock(chair, house, 'chair'),
    newGroup(attic, house),
  ]);
  await edit(committer, ids, from, [
    { op: 'transform', id: chair, transform: at(100) },
    rename(house, 'villa'),
  ]);
  return { from, to, house, chair, attic };
}

export function move(
  committer: Committer,
  scene: Scenery,
  op_id: OpId,
  changes: object = {},
): Promise<Committed> {
  const { from, to, house } = scene;
  return committer.transfer({
    brane_id: to.id,
    actor: user(from.owner),
    op_id,
    id: house,
    parent_id: to.root,
    ...changes,
  });
}

export async function faults(store: Store, braneId: BraneId): Promise<string[]> {
  const found: string[] = [];
  await checkBrane(store, braneId, { onFault: ({ record, message }) => found.push(`${record}: ${message}`) });
  return found;
}

export async function assertBoth(store: Store, { from, to }: Scenery): Promise<void> {
  for (const { id } of [from, to]) {
    await assertConsistent(store, id);
    expect(await faults(store, id)).toEqual([]);
  }
}
