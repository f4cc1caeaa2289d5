import { type Position, readBrane, readBraneIn } from '@state-server/commit';
import type { BraneId, BraneOp } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import {
  type Also,
  type BraneDeps,
  type BraneWriter,
  type Replayed,
  originOf,
  positionOf,
} from './brane-writer';
import { type FoundBrane, findBrane, withRole } from './find-brane';

export interface AdministerBrane extends BraneWriter {
  readonly brane_id: BraneId;
  /** The brane must be at one of these versions; without it, whatever its version is. */
  readonly if_versions?: readonly number[];
  readonly also?: Also<AdministeredBrane>;
}

/** The brane after the entry, and the place of that entry in its log. */
export interface AdministeredBrane {
  readonly brane: FoundBrane;
  readonly position: Position;
}

/** Commits entries about the brane itself (SYNC L6) for a user who sees it, with the rights that each needs. */
export async function administerBrane(
  deps: BraneDeps,
  input: AdministerBrane,
  ops: readonly BraneOp[],
): Promise<AdministeredBrane & Replayed> {
  const { brane_id, user_id, also } = input;
  const before = await findBrane(deps.store, user_id, brane_id);
  const committed = await deps.committer.administer({
    ...originOf(input, brane_id),
    ops,
    ...condition(before, input.if_versions),
    ...(also && {
      also: async (tx, outcome) => {
        const view = await readBraneIn(tx, brane_id);
        const position = positionOf(outcome);
        if (view) await also(tx, { brane: withRole(view, user_id), position });
      },
    }),
  });
  const after = await readBrane(deps.store, brane_id);
  if (!after) throw fail('brane.not_found', { id: brane_id });
  return {
    brane: withRole(after, user_id),
    position: positionOf(committed),
    replayed: committed.replayed,
  };
}

function condition(
  brane: FoundBrane,
  wanted: readonly number[] | undefined,
): { readonly if_version?: number } {
  if (wanted === undefined) return {};
  if (!wanted.includes(brane.version)) throw fail('precondition.failed', { version: brane.version });
  return { if_version: brane.version };
}
