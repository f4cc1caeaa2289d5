import { withReadErrors } from '@state-server/commit';
import type { BraneId, Role, UserId } from '@state-server/domain';
import type { BraneDoc, HeadDoc, ReadTransaction, Store } from '@state-server/persistence-port';

export interface ListedBrane {
  readonly brane: BraneDoc;
  readonly head: HeadDoc;
  readonly role: Role;
}

export interface ListBranes {
  readonly user_id: UserId;
  /** Id of the last brane of the page before. */
  readonly after?: BraneId;
  readonly limit: number;
}

/** The live branes that the user is a member of, by id; one more than `limit` when there are more. */
export async function listBranes(store: Store, input: ListBranes): Promise<readonly ListedBrane[]> {
  return withReadErrors(
    store.read({ label: 'brane.list' }, async (tx) => {
      const found: ListedBrane[] = [];
      const wanted = input.limit + 1;
      let after = input.after;
      for (;;) {
        const page = await readPage(tx, input.user_id, after, wanted - found.length);
        found.push(...page.live);
        if (page.last === undefined || found.length >= wanted) return found;
        after = page.last;
      }
    }),
  );
}

async function readPage(
  tx: ReadTransaction,
  userId: UserId,
  after: BraneId | undefined,
  limit: number,
): Promise<{ readonly live: ListedBrane[]; readonly last: BraneId | undefined }> {
  const memberships = await tx.range('members', {
    index: 'by_user',
    prefix: [userId],
    ...(after === undefined ? {} : { gt: [after] }),
    limit,
  });
  const branes = await tx.getMany(
    'branes',
    memberships.map((member) => [member.brane_id]),
  );
  const heads = await tx.getMany(
    'heads',
    memberships.map((member) => [member.brane_id]),
  );
  const live = memberships.flatMap(({ role }, index) => {
    const brane = branes[index];
    const head = heads[index];
    return brane?.status === 'live' && head ? [{ brane, head, role }] : [];
  });
  return { live, last: memberships.length < limit ? undefined : memberships.at(-1)?.brane_id };
}
