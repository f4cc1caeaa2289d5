import { matchesTerms } from '@state-server/domain';
import type { Key, ListedKind, ListingDoc, ReadTransaction } from '@state-server/persistence-port';

export type ListingSort = 'newest' | 'name' | 'popularity';

export interface SearchListings {
  readonly kind: ListedKind;
  /** Domain `queryTerms`; none: all that is listed. */
  readonly terms: readonly string[];
  readonly sort: ListingSort;
  /** The place of the last one of the page before. */
  readonly after?: Key;
  readonly limit: number;
}

export interface FoundListings {
  readonly ids: readonly string[];
  /**
   * Where the next page begins; undefined when there is nothing more. A page may hold fewer than were asked for, or none,
   * and still lead on: what one search looks at is bounded.
   */
  readonly next: Key | undefined;
}

/** Up to so many things are found by their terms and sorted here; of a word that more of them have, an order is walked. */
const FEW = 1_000;
/** Listings that one walk looks at. */
const WALKED = 2_000;
const PAGE = 250;
/** Sorts behind all that can follow on a text, in UTF-8 too. */
const AFTER_ALL = '\u{10ffff}';

interface Placed {
  readonly id: string;
  readonly place: Key;
}

/**
 * What everybody may see and the terms name, in that order, from one snapshot; cursors are places in the order, so they hold
 * while things come and go. `newest`: the latest first; `name`: without case and accents; `popularity`: the highest
 * rank first, then whatever was never visited.
 */
export async function searchListings(tx: ReadTransaction, search: SearchListings): Promise<FoundListings> {
  const few = search.terms.length === 0 ? undefined : await findFew(tx, search);
  return few ? sorted(few, search) : walk(tx, search);
}

/** All that the terms name, with their places; undefined when the rarest of the words is too common to be worth it. */
async function findFew(tx: ReadTransaction, search: SearchListings): Promise<Placed[] | undefined> {
  const [longest = ''] = [...search.terms].sort((a, b) => b.length - a.length);
  const entries = await tx.range('search_terms', {
    prefix: [search.kind],
    gte: [longest],
    lt: [longest + AFTER_ALL],
    limit: FEW + 1,
  });
  if (entries.length > FEW) return undefined;
  const keys = [...new Set(entries.map(({ id }) => id))].map((id) => [search.kind, id]);
  const listings = await tx.getMany('listings', keys);
  const found = listings.filter((doc) => doc !== undefined && matchesTerms(doc.terms, search.terms));
  return placesOf(
    tx,
    search,
    found.flatMap((doc) => (doc ? [doc] : [])),
  );
}

async function placesOf(
  tx: ReadTransaction,
  { sort, kind }: SearchListings,
  listings: readonly ListingDoc[],
): Promise<Placed[]> {
  if (sort !== 'popularity') {
    const field = sort === 'name' ? 'name_order' : 'created_at';
    return listings.map((doc) => ({ id: doc.id, place: [doc[field], doc.id] }));
  }
  const keys = listings.map(({ id }) => [kind, id]);
  const ranks = await tx.getMany('popularity', keys);
  return listings.map(({ id }, index) => {
    const known = ranks[index];
    return { id, place: [known?.listed === 'public' ? known.rank : UNRANKED, id] };
  });
}

/** Below every rank: those count the doublings since 1970. */
const UNRANKED = 0;

function sorted(found: readonly Placed[], { sort, after, limit }: SearchListings): FoundListings {
  const turn = sort === 'name' ? 1 : -1;
  const inOrder = found
    .filter(({ place }) => after === undefined || turn * compare(place, after) > 0)
    .sort((a, b) => turn * compare(a.place, b.place));
  const page = inOrder.slice(0, limit);
  return { ids: page.map(({ id }) => id), next: inOrder.length > limit ? page.at(-1)?.place : undefined };
}

/** As the store orders keys: numbers by value, text by its UTF-8 bytes, which is the order of code points. */
function compare(a: Key, b: Key): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (part === other || other === undefined) continue;
    if (typeof part === 'number' || typeof other === 'number') return part < other ? -1 : 1;
    return compareText(part, other);
  }
  return 0;
}

function compareText(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (const [index, sign] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (sign !== other) return (sign.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
  }
  return left.length - right.length;
}

/** A stretch of the order, and how it goes on. */
interface Stretch {
  readonly found: readonly Placed[];
  readonly next: Key | undefined;
}

/** Walks the order from the place on, and keeps what the terms name. */
async function walk(tx: ReadTransaction, search: SearchListings): Promise<FoundListings> {
  const ids: string[] = [];
  let after = search.after;
  for (let walked = 0; walked < WALKED; walked += PAGE) {
    const stretch = await readStretch(tx, search, after);
    const keys = stretch.found.map(({ id }) => [search.kind, id]);
    const listings = await tx.getMany('listings', keys);
    for (const [index, { id, place }] of stretch.found.entries()) {
      const listing = listings[index];
      if (!listing || !matchesTerms(listing.terms, search.terms)) continue;
      if (ids.length === search.limit) return { ids, next: after };
      ids.push(id);
      after = place;
    }
    after = stretch.next;
    if (after === undefined) return { ids, next: undefined };
    // The last one of a full page may have been the last one of all: the next page says so.
    if (ids.length === search.limit) return { ids, next: after };
  }
  return { ids, next: after };
}

async function readStretch(
  tx: ReadTransaction,
  { kind, sort }: SearchListings,
  after: Key | undefined,
): Promise<Stretch> {
  if (sort === 'popularity') return readRanked(tx, kind, after);
  const byName = sort === 'name';
  const docs = await tx.range('listings', {
    index: byName ? 'by_name' : 'by_age',
    prefix: [kind],
    ...(after === undefined ? {} : byName ? { gt: after } : { lt: after }),
    reverse: !byName,
    limit: PAGE,
  });
  const found = docs.map((doc) => ({
    id: doc.id,
    place: [byName ? doc.name_order : doc.created_at, doc.id],
  }));
  return { found, next: docs.length < PAGE ? undefined : found.at(-1)?.place };
}

/** First all that has a rank, then the rest, by their ids from behind. */
async function readRanked(tx: ReadTransaction, kind: ListedKind, after: Key | undefined): Promise<Stretch> {
  if (after === undefined || after[0] !== UNRANKED) {
    const docs = await tx.range('popularity', {
      index: 'by_rank',
      prefix: [kind, 'public'],
      ...(after === undefined ? {} : { lt: after }),
      reverse: true,
      limit: PAGE,
    });
    const found = docs.map(({ id, rank }) => ({ id, place: [rank, id] }));
    return { found, next: docs.length < PAGE ? [UNRANKED, AFTER_ALL] : found.at(-1)?.place };
  }
  const docs = await tx.range('listings', {
    prefix: [kind],
    lt: [after[1] ?? AFTER_ALL],
    reverse: true,
    limit: PAGE,
  });
  const ranks = await tx.getMany(
    'popularity',
    docs.map(({ id }) => [kind, id]),
  );
  const found = docs
    .filter((_, index) => ranks[index]?.listed !== 'public')
    .map(({ id }) => ({ id, place: [UNRANKED, id] }));
  const last = docs.at(-1);
  return { found, next: docs.length < PAGE || !last ? undefined : [UNRANKED, last.id] };
}
