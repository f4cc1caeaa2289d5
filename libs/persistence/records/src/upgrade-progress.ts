import type { MetaDoc } from '@state-server/persistence-port';

/** Key of the `meta` record that says how far the present step of an upgrade has come; gone when the step is done. */
export const UPGRADE_KEY = 'upgrade';

/** By `collection.index`. */
export interface UpgradeProgress {
  /** Records that the index was built from. */
  readonly built: Readonly<Record<string, number>>;
  /** Up to where: a key of the driver. */
  readonly building: Readonly<Record<string, { readonly cursor: string; readonly records: number }>>;
}

/** Only this program writes it: what is stored is a whole progress, or nothing. */
export function upgradeProgress(found: MetaDoc | undefined): UpgradeProgress {
  return found ? (found.value as UpgradeProgress) : { built: {}, building: {} };
}
