import type { SettingsChange, Visibility } from '@state-server/domain';
import { type AdministerBrane, type AdministeredBrane, administerBrane } from './administer-brane';
import type { BraneDeps, Replayed } from './brane-writer';

export interface UpdateBrane extends AdministerBrane {
  readonly name?: string;
  readonly visibility?: Visibility;
  readonly settings?: SettingsChange;
  /** True: nobody edits its objects any more. */
  readonly archived?: boolean;
}

/**
 * Changes name, visibility, settings or whether it is archived; owners only. Throws `permission.denied`,
 * `precondition.failed`, `field.*`.
 */
export async function updateBrane(
  deps: BraneDeps,
  input: UpdateBrane,
): Promise<AdministeredBrane & Replayed> {
  const { name, visibility, settings, archived } = input;
  const change = {
    op: 'set_brane',
    ...(name === undefined ? {} : { name }),
    ...(visibility === undefined ? {} : { visibility }),
    ...(settings === undefined ? {} : { settings }),
    ...(archived === undefined ? {} : { archived }),
  } as const;
  return administerBrane(deps, input, [change], {
    act: visibility === undefined ? undefined : { action: 'brane.visibility_set', details: { visibility } },
  });
}
