import type { Position } from '@state-server/commit';
import type { BraneId, UserId } from '@state-server/domain';
import {
  type Also,
  type BraneDeps,
  type BraneWriter,
  type Replayed,
  originOf,
  positionOf,
} from './brane-writer';
import { findBrane } from './find-brane';

export interface RemoveMember extends BraneWriter {
  readonly brane_id: BraneId;
  readonly member_id: UserId;
  readonly also?: Also<Position>;
}

/** Puts a member out (owners), or leaves (everybody). Throws `member.unknown`, `member.last_owner`, `permission.denied`. */
export async function removeMember(deps: BraneDeps, input: RemoveMember): Promise<Position & Replayed> {
  const { brane_id, member_id, also } = input;
  await findBrane(deps.store, input.user_id, brane_id);
  const committed = await deps.committer.administer({
    ...originOf(input, brane_id),
    ops: [{ op: 'set_member', user_id: member_id, role: null }],
    ...(also && { also: (tx, outcome) => also(tx, positionOf(outcome)) }),
  });
  return { ...positionOf(committed), replayed: committed.replayed };
}
