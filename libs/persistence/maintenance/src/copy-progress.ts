import type { CollectionName, Key, Store, Transaction } from '@state-server/persistence-port';
import type { CollectionDigest } from './digest';
import { READ_ONLY_KEY, type ReadOnlyFlag } from './read-only-mode';

/** Key of the `meta` record in the target that says how far a copy into it has come. */
export const COPY_KEY = 'copy';

/** What is the store's own, and not data: each has its own of it. */
export const OF_THE_STORE: ReadonlySet<unknown> = new Set(['format', 'upgrade', READ_ONLY_KEY, COPY_KEY]);

export interface CopyProgress {
  /** Of the flag under which the source is read. */
  readonly token: string;
  readonly begun_at: string;
  /** The last key that is durable in the target; `done` where all of the collection is. */
  readonly copied: Readonly<
    Partial<
      Record<CollectionName, { readonly after?: Key; readonly documents: number; readonly done?: true }>
    >
  >;
  readonly verified: Readonly<Partial<Record<CollectionName, CollectionDigest>>>;
  /** All is copied and verified, and services may use the target. */
  readonly ended_at?: string;
}

const LABEL = { label: 'store.copy', deadlineMs: 60_000 } as const;

export async function copyProgress(target: Store): Promise<CopyProgress | undefined> {
  const found = await target.read(LABEL, (tx) => tx.get('meta', [COPY_KEY]));
  // Written by this program alone.
  return found?.value as CopyProgress | undefined;
}

/**
 * The next step of a copy and what is known after it, in one transaction of the target. Refused when somebody else has made
 * a step since `before`.
 */
export function advance(
  target: Store,
  before: CopyProgress | undefined,
  after: CopyProgress,
  step: (tx: Transaction) => void = () => undefined,
): Promise<void> {
  return target.transact(LABEL, async (tx) => {
    const found = (await tx.get('meta', [COPY_KEY]))?.value as CopyProgress | undefined;
    if (JSON.stringify(found) !== JSON.stringify(before)) {
      throw new Error('another copy into this store is running: it has just gone on');
    }
    step(tx);
    tx.put('meta', { key: COPY_KEY, value: after });
  });
}

/** Of the target, until all is there. */
export const unfinished = (token: string, since: string): ReadOnlyFlag => ({
  since,
  token,
  reason: 'a copy into it has not ended',
  settled: true,
});
