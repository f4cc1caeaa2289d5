import { type Position, withResult } from '@state-server/commit';
import type { BraneId, UserId } from '@state-server/domain';
import {
  type Also,
  type BraneDeps,
  type BraneWriter,
  type Replayed,
  originOf,
  recordInBrane,
} from './brane-writer';
import { findBrane } from './find-brane';

export interface RemoveMember extends BraneWriter {
  readonly brane_id: BraneId;
  readonly member_id: UserId;
  readonly also?: Also<Position & Replayed>;
}

/** Puts a member out (owners), or leaves (everybody). Throws `member.unknown`, `member.last_owner`, `permission.denied`. */
export async function removeMember(deps: BraneDeps, input: RemoveMember): Promise<Position & Replayed> {
  const { brane_id, member_id } = input;
  await findBrane(deps.store, input.user_id, brane_id);
  const ops = [{ op: 'set_member', user_id: member_id, role: null }] as const;
  return withResult(
    (also) => deps.committer.administer({ ...originOf(input, brane_id), ops, also }),
    (tx, committed) => {
      const target = { kind: 'user', id: member_id } as const;
      recordInBrane(tx, input, committed, { action: 'brane.member_removed', target });
      const { epoch, seq, replayed } = committed;
      return Promise.resolve({ epoch, seq, replayed });
    },
    input.also,
  );
}
