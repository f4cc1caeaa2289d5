import { type BraneView, readBraneIn, withResult } from '@state-server/commit';
import type { BraneId, BraneSettings, CompanyId, Visibility } from '@state-server/domain';
import type { ReadTransaction } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { Also, BraneDeps, BraneWriter, Replayed } from './brane-writer';
import { type FoundBrane, withRole } from './find-brane';
import { assertUserIn } from './guard-user';

export interface CreateBrane extends BraneWriter {
  /** Of the brane and of its root group (SYNC S7). */
  readonly id: BraneId;
  readonly name: string;
  readonly visibility: Visibility;
  readonly settings?: BraneSettings;
  /** Whose it becomes, instead of the user's. */
  readonly company_id?: CompanyId;
  readonly also?: Also<FoundBrane & Replayed>;
}

/** Makes a brane with its root group; the user is its owner. Throws `id.taken`, `user.not_found`, `company.not_found`,
 * `permission.denied`. */
export async function createBrane(deps: BraneDeps, input: CreateBrane): Promise<FoundBrane & Replayed> {
  const { user_id, op_id, id, name, visibility, settings, company_id } = input;
  const brane = {
    id,
    op_id,
    name,
    visibility,
    ...(settings && { settings }),
    ...(company_id && { company_id }),
  };
  return withResult(
    (also) => deps.committer.createBrane({ kind: 'user', user_id }, { ...brane, also }),
    async (tx, { replayed }) => {
      if (!replayed) await assertUserIn(tx, user_id);
      return { ...withRole(await existing(tx, id), user_id), replayed };
    },
    input.also,
  );
}

async function existing(tx: ReadTransaction, id: BraneId): Promise<BraneView> {
  const view = await readBraneIn(tx, id);
  if (!view) throw fail('brane.not_found', { id });
  return view;
}
