import { withReadErrors } from '@state-server/commit';
import { asUser, type BraneId, can, type PrototypeId, type UserId } from '@state-server/domain';
import { readBraneIn } from '@state-server/commit';
import type { PrototypeVersionDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { seenIn } from './find-prototype';
import type { PublishedVersion } from './publish-version';

export interface ReadVersion {
  readonly user_id: UserId;
  readonly id: PrototypeId;
  readonly version: number;
  /** Whoever sees this brane may read the versions of which it holds instances. */
  readonly brane_id?: BraneId;
}

/** A version with its tree. Throws `prototype.not_found`, `prototype.deleted`, `prototype.version_not_found`. */
export async function readVersion(store: Store, input: ReadVersion): Promise<PublishedVersion> {
  const { user_id, id, version, brane_id } = input;
  return withReadErrors(
    store.read({ label: 'prototype.version' }, async (tx) => {
      const isHeld = brane_id !== undefined && (await holdsInstance(tx, { ...input, brane_id }));
      if (!isHeld) await seenIn(tx, user_id, id);
      const facts = await tx.get('prototype_versions', [id, version]);
      const tree = facts && (await tx.get('prototype_trees', [id, version]));
      if (!facts || !tree) throw fail('prototype.version_not_found', { id, version });
      return { facts, tree: tree.tree };
    }),
  );
}

/** Marked instances that are not yet reaped count: an undo may bring them back. */
async function holdsInstance(
  tx: ReadTransaction,
  { user_id, id, version, brane_id }: ReadVersion & { readonly brane_id: BraneId },
): Promise<boolean> {
  const brane = await readBraneIn(tx, brane_id);
  if (can(asUser(user_id), 'brane.view', brane?.meta) !== 'allowed') return false;
  if (brane?.meta.status !== 'live') return false;
  const [instance] = await tx.range('objects', {
    index: 'by_prototype',
    prefix: [brane_id, id, version],
    limit: 1,
  });
  return instance !== undefined;
}

export interface ListVersions {
  readonly user_id: UserId;
  readonly id: PrototypeId;
  /** Of the last of the page before. */
  readonly before?: number;
  readonly limit: number;
}

/** The versions without their trees, the newest first; one more than `limit` when there are more. */
export async function listVersions(
  store: Store,
  { user_id, id, before, limit }: ListVersions,
): Promise<readonly PrototypeVersionDoc[]> {
  return withReadErrors(
    store.read({ label: 'prototype.versions' }, async (tx) => {
      await seenIn(tx, user_id, id);
      return tx.range('prototype_versions', {
        prefix: [id],
        reverse: true,
        ...(before === undefined ? {} : { lt: [before] }),
        limit: limit + 1,
      });
    }),
  );
}
