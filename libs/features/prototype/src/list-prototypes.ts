import { withReadErrors } from '@state-server/commit';
import {
  asPrototypeId,
  indexTerms,
  matchesTerms,
  type PrototypeId,
  queryTerms,
  type UserId,
} from '@state-server/domain';
import type { Key, PrototypeDoc, ReadTransaction, Store } from '@state-server/persistence-port';

/** Which prototypes a list is about: one's own whatever their state, or those that everybody may use. */
export type Scope = 'own' | 'public' | 'public_of';
/** `match`: in the order of the words that were found; only with words. */
export type Order = 'match' | 'newest' | 'popularity';

export interface ListPrototypes {
  readonly user_id: UserId;
  readonly scope: Scope;
  /** For `public_of`. */
  readonly owner?: UserId;
  /** Beginnings of words of name, tags and description, all of which must be there. */
  readonly q?: string;
  readonly order: Order;
  /** Place after which to go on, as the page before told it. */
  readonly after?: Key;
  readonly limit: number;
}

export interface PrototypePage {
  readonly items: readonly PrototypeDoc[];
  /** Undefined when there is nothing more. A page may be short, or empty, and still have one: a search is bounded. */
  readonly next: Key | undefined;
}

/** Candidates in one read, and how many of them one request looks at. */
const READ = 200;
const MAX_READS = 10;

interface Candidate {
  readonly id: PrototypeId;
  readonly place: Key;
}

/** Candidates in the order of the list, after a place; fewer than asked for are the last. */
type Walk = (tx: ReadTransaction, after: Key | undefined) => Promise<readonly Candidate[]>;

/** One page; what is written meanwhile moves no other item, since places are those of documents and not numbers. */
export async function listPrototypes(store: Store, input: ListPrototypes): Promise<PrototypePage> {
  const wanted = input.q === undefined ? [] : queryTerms(input.q);
  if (input.q !== undefined && wanted.length === 0) return { items: [], next: undefined };
  const walk = walkOf(input, wanted);
  return withReadErrors(
    store.read({ label: 'prototype.list' }, async (tx) => {
      const items: PrototypeDoc[] = [];
      let after = input.after;
      for (let reads = 0; reads < MAX_READS; reads += 1) {
        const candidates = await walk(tx, after);
        const docs = await tx.getMany(
          'prototypes',
          candidates.map(({ id }) => [id]),
        );
        for (const [index, { place }] of candidates.entries()) {
          after = place;
          const doc = docs[index];
          if (!doc || !belongs(doc, input) || !isFound(doc, wanted, place, input)) continue;
          items.push(doc);
          if (items.length < input.limit) continue;
          const isLast = index === candidates.length - 1 && candidates.length < READ;
          return { items, next: isLast ? undefined : after };
        }
        if (candidates.length < READ) return { items, next: undefined };
      }
      return { items, next: after };
    }),
  );
}

function belongs(doc: PrototypeDoc, { scope, user_id, owner }: ListPrototypes): boolean {
  if (scope === 'own') return doc.owner_id === user_id && !doc.is_deleted;
  return doc.listed === 1 && (scope === 'public' || doc.owner_id === owner);
}

function isFound(
  doc: PrototypeDoc,
  wanted: readonly string[],
  place: Key,
  { scope, order }: ListPrototypes,
): boolean {
  if (wanted.length === 0) return true;
  const terms = termsOf(doc);
  if (!matchesTerms(terms, wanted)) return false;
  // Several of its words may begin alike: it stands at the first of them alone.
  const longest = longestOf(wanted);
  return (
    scope !== 'public' ||
    order !== 'match' ||
    terms.filter((term) => term.startsWith(longest)).sort()[0] === place[0]
  );
}

function termsOf({ name, tags, description }: PrototypeDoc): readonly string[] {
  return indexTerms(description === undefined ? [name, ...tags] : [name, ...tags, description]);
}

/** The word that the fewest have, most likely. */
function longestOf(wanted: readonly string[]): string {
  return wanted.reduce((longest, term) => (term.length > longest.length ? term : longest), '');
}

function walkOf(input: ListPrototypes, wanted: readonly string[]): Walk {
  const { scope, order, user_id, owner } = input;
  if (scope === 'own') return byOwner(user_id);
  if (scope === 'public_of' && owner !== undefined && order === 'newest') return byListedOwner(owner);
  if (order === 'popularity') return byRank;
  return order === 'match' && wanted.length > 0 ? byTerm(longestOf(wanted)) : byAge;
}

function byOwner(owner: UserId): Walk {
  return async (tx, after) => {
    const docs = await tx.range('prototypes', {
      index: 'by_owner',
      prefix: [owner, 1],
      reverse: true,
      ...(after === undefined ? {} : { lt: after }),
      limit: READ,
    });
    return docs.map(({ id, created_at }) => ({ id, place: [created_at, id] }));
  };
}

function byListedOwner(owner: UserId): Walk {
  return async (tx, after) => {
    const docs = await tx.range('prototypes', {
      index: 'by_listed_owner',
      prefix: [1, owner],
      reverse: true,
      ...(after === undefined ? {} : { lt: after }),
      limit: READ,
    });
    return docs.map(({ id, created_at }) => ({ id, place: [created_at, id] }));
  };
}

const byAge: Walk = async (tx, after) => {
  const docs = await tx.range('listings', {
    index: 'by_age',
    prefix: ['prototype'],
    reverse: true,
    ...(after === undefined ? {} : { lt: after }),
    limit: READ,
  });
  return docs.map(({ id, created_at }) => ({ id: asPrototypeId(id), place: [created_at, id] }));
};

const byRank: Walk = async (tx, after) => {
  const docs = await tx.range('popularity', {
    index: 'by_rank',
    prefix: ['prototype', 'public'],
    reverse: true,
    ...(after === undefined ? {} : { lt: after }),
    limit: READ,
  });
  return docs.map(({ id, rank }) => ({ id: asPrototypeId(id), place: [rank, id] }));
};

/** Past every term that begins like this: no term holds a sign above it. */
const PAST = '\u{10ffff}';

function byTerm(prefix: string): Walk {
  return async (tx, after) => {
    const docs = await tx.range('search_terms', {
      prefix: ['prototype'],
      ...(after === undefined ? { gte: [prefix] } : { gt: after }),
      lt: [`${prefix}${PAST}`],
      limit: READ,
    });
    return docs.map(({ id, term }) => ({ id: asPrototypeId(id), place: [term, id] }));
  };
}
