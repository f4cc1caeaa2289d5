import { type ListingSort, withReadErrors } from '@state-server/commit';
import {
  asBraneId,
  type BraneId,
  indexTerms,
  matchesTerms,
  nameOrder,
  type Role,
  type UserId,
} from '@state-server/domain';
import type { BraneDoc, HeadDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

export interface ListedBrane {
  readonly brane: BraneDoc;
  readonly head: HeadDoc;
  readonly role: Role | 'guest';
}

/** `live` has the archived ones with it. */
export type ListedStatus = 'live' | 'archived' | 'deleted';

export interface ListBranes {
  readonly user_id: UserId;
  readonly status?: ListedStatus;
  readonly role?: Role;
  /** Domain `queryTerms`: each begins a word of the name, the tags or the description. */
  readonly terms?: readonly string[];
  /** Without it by id. */
  readonly sort?: ListingSort;
  /** The place of the last brane of the page before: its id; with a sort, what it is sorted by before that. */
  readonly after?: readonly (string | number)[];
  readonly limit: number;
}

export interface BranePage {
  readonly items: readonly ListedBrane[];
  /** A page may hold fewer than were asked for and still lead on. */
  readonly next: readonly (string | number)[] | undefined;
}

/** Memberships that one page looks at. */
const WALKED = 2_000;
const PAGE = 250;

/**
 * The branes that the user is a member of. Throws `query.invalid` when they are to be sorted and are too many for that.
 */
export async function listBranes(store: Store, input: ListBranes): Promise<BranePage> {
  return withReadErrors(
    store.read({ label: 'brane.list' }, (tx) =>
      input.sort === undefined ? listById(tx, input) : listSorted(tx, input, input.sort),
    ),
  );
}

async function listById(tx: ReadTransaction, input: ListBranes): Promise<BranePage> {
  const items: ListedBrane[] = [];
  const [from] = input.after ?? [];
  let after = from === undefined ? undefined : asBraneId(String(from));
  for (let walked = 0; walked < WALKED;) {
    // Without a condition nearly all that is read is answered.
    const size = isPicky(input) ? PAGE : Math.min(PAGE, input.limit - items.length + 1);
    const page = await readPage(tx, input, after, size);
    walked += size;
    for (const item of page.items) {
      if (items.length === input.limit) return { items, next: after === undefined ? undefined : [after] };
      items.push(item);
      after = item.brane.id;
    }
    after = page.last;
    if (after === undefined) return { items, next: undefined };
  }
  return { items, next: after === undefined ? undefined : [after] };
}

function isPicky({ status = 'live', role, terms = [] }: ListBranes): boolean {
  return status !== 'live' || role !== undefined || terms.length > 0;
}

async function listSorted(tx: ReadTransaction, input: ListBranes, sort: ListingSort): Promise<BranePage> {
  const found: ListedBrane[] = [];
  let after: BraneId | undefined;
  for (let walked = 0; ; walked += PAGE) {
    if (walked >= WALKED) {
      throw fail('query.invalid', { parameter: 'sort', max: WALKED }, 'Too many branes to be sorted.');
    }
    const page = await readPage(tx, input, after, PAGE);
    found.push(...page.items);
    after = page.last;
    if (after === undefined) break;
  }
  const keys = await sortKeys(tx, found, sort);
  const turn = sort === 'name' ? 1 : -1;
  const order = (a: SortKey, b: SortKey): number => turn * compare(a, b);
  const from = input.after as SortKey | undefined;
  const placed = found
    .flatMap((item, index) => {
      const key = keys[index];
      return key ? [{ item, key }] : [];
    })
    .filter(({ key }) => from === undefined || order(key, from) > 0)
    .sort((a, b) => order(a.key, b.key));
  const page = placed.slice(0, input.limit);
  return {
    items: page.map(({ item }) => item),
    next: placed.length > page.length ? page.at(-1)?.key : undefined,
  };
}

type SortKey = readonly [by: string | number, id: string];

async function sortKeys(
  tx: ReadTransaction,
  found: readonly ListedBrane[],
  sort: ListingSort,
): Promise<SortKey[]> {
  const ranks =
    sort === 'popularity'
      ? await tx.getMany(
          'popularity',
          found.map(({ brane }) => ['brane', brane.id]),
        )
      : [];
  return found.map(({ brane }, index): SortKey => {
    switch (sort) {
      case 'name':
        return [nameOrder(brane.name), brane.id];
      case 'newest':
        return [brane.created_at, brane.id];
      case 'popularity':
        return [ranks[index]?.rank ?? 0, brane.id];
    }
  });
}

function compare(a: SortKey, b: SortKey): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

async function readPage(
  tx: ReadTransaction,
  input: ListBranes,
  after: BraneId | undefined,
  limit: number,
): Promise<{ readonly items: ListedBrane[]; readonly last: BraneId | undefined }> {
  const memberships = await tx.range('members', {
    index: 'by_user',
    prefix: [input.user_id],
    ...(after === undefined ? {} : { gt: [after] }),
    limit,
  });
  const keys = memberships.map((member) => [member.brane_id]);
  const [branes, heads] = await Promise.all([tx.getMany('branes', keys), tx.getMany('heads', keys)]);
  const items = memberships.flatMap(({ role }, index) => {
    const [brane, head] = [branes[index], heads[index]];
    return brane && head && isWanted(brane, role, input) ? [{ brane, head, role }] : [];
  });
  return { items, last: memberships.length < limit ? undefined : memberships.at(-1)?.brane_id };
}

function isWanted(
  brane: BraneDoc,
  role: Role,
  { status = 'live', terms = [], ...input }: ListBranes,
): boolean {
  if (brane.bans && Object.hasOwn(brane.bans, input.user_id)) return false;
  if (input.role !== undefined && role !== input.role) return false;
  if (brane.status !== (status === 'deleted' ? 'deleted' : 'live')) return false;
  if (status === 'archived' && typeof brane.archived_at !== 'string') return false;
  if (terms.length === 0) return true;
  const { name, settings } = brane;
  return matchesTerms(indexTerms([name, ...(settings?.tags ?? []), settings?.description ?? '']), terms);
}
