import type { AuditEntry } from '@state-server/audit';
import { type Position, readBraneIn, withResult } from '@state-server/commit';
import type { BraneChange, BraneId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import {
  type Also,
  type BraneDeps,
  type BraneWriter,
  type Replayed,
  originOf,
  recordInBrane,
} from './brane-writer';
import { type FoundBrane, findBrane, findBraneOrDeleted, withRole } from './find-brane';

export interface AdministerBrane extends BraneWriter {
  readonly brane_id: BraneId;
  /** The brane must be at one of these versions; without it, whatever its version is. */
  readonly if_versions?: readonly number[];
  readonly also?: Also<AdministeredBrane & Replayed>;
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
  ops: readonly BraneChange[],
  how: {
    readonly which?: 'live' | 'deleted too';
    /** What goes into the audit log; absent: nothing that matters for security. */
    readonly act?: Pick<AuditEntry, 'action' | 'details'> | undefined;
  } = {},
): Promise<AdministeredBrane & Replayed> {
  const { brane_id, user_id } = input;
  const find = how.which === 'deleted too' ? findBraneOrDeleted : findBrane;
  const before = await find(deps.store, user_id, brane_id);
  const request = { ...originOf(input, brane_id), ops, ...condition(before, input.if_versions) };
  return withResult(
    (also) => deps.committer.administer({ ...request, also }),
    async (tx, committed) => {
      const { epoch, seq, replayed } = committed;
      if (how.act) recordInBrane(tx, input, committed, how.act);
      const after = await readBraneIn(tx, brane_id);
      if (!after) throw fail('brane.not_found', { id: brane_id });
      return { brane: withRole(after, user_id), position: { epoch, seq }, replayed };
    },
    input.also,
  );
}

function condition(
  brane: FoundBrane,
  wanted: readonly number[] | undefined,
): { readonly if_version?: number } {
  if (wanted === undefined) return {};
  if (!wanted.includes(brane.version)) throw fail('precondition.failed', { version: brane.version });
  return { if_version: brane.version };
}
