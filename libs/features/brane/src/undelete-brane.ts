import { type AdministerBrane, type AdministeredBrane, administerBrane } from './administer-brane';
import type { BraneDeps, Replayed } from './brane-writer';

/**
 * Brings a deleted brane back, as long as its purge is not due (SYNC L7). Owners only.
 * Throws `brane.not_found`, `brane.deleted` when it is too late, `permission.denied`, `precondition.failed`, `op.invalid`
 * for one that is not deleted.
 */
export async function undeleteBrane(
  deps: BraneDeps,
  input: AdministerBrane,
): Promise<AdministeredBrane & Replayed> {
  return administerBrane(deps, input, [{ op: 'set_status', status: 'live' }], {
    which: 'deleted too',
    act: { action: 'brane.restored' },
  });
}
