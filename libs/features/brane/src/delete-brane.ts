import { type AdministerBrane, type AdministeredBrane, administerBrane } from './administer-brane';
import type { BraneDeps, Replayed } from './brane-writer';

/** Marks the brane as deleted; it can be brought back for 30 days, then it is purged (SYNC L7). Owners only. */
export async function deleteBrane(
  deps: BraneDeps,
  input: AdministerBrane,
): Promise<AdministeredBrane & Replayed> {
  return administerBrane(deps, input, [{ op: 'set_status', status: 'deleted' }], {
    act: { action: 'brane.deleted' },
  });
}
