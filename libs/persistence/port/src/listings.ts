import { indexTerms, nameOrder } from '@state-server/domain';
import type { BraneDoc, ListedKind, ListingDoc } from './documents';
import type { Transaction } from './store';

/** What everybody may find of a thing. */
export interface Listed {
  readonly name: string;
  /** RFC 3339. */
  readonly created_at: string;
  /** Further texts that it is found by, the most important first. */
  readonly texts?: readonly string[];
}

/**
 * Brings the listing of a thing and its search terms in line, in the transaction that changes the thing; `undefined` takes
 * it off the list. The thing's own document is what guards it (SYNC P1): every caller writes that too.
 */
export async function putListing(
  tx: Transaction,
  kind: ListedKind,
  id: string,
  listed: Listed | undefined,
): Promise<void> {
  const before = await tx.get('listings', [kind, id]);
  if (!listed) {
    if (!before) return;
    tx.delete('listings', [kind, id]);
    for (const term of before.terms) tx.delete('search_terms', [kind, term, id]);
    return;
  }
  const after = toListing(kind, id, listed);
  if (before && sameListing(before, after)) return;
  tx.put('listings', after);
  const kept = new Set(after.terms);
  for (const term of before?.terms ?? []) if (!kept.has(term)) tx.delete('search_terms', [kind, term, id]);
  const known = new Set(before?.terms);
  for (const term of after.terms) if (!known.has(term)) tx.put('search_terms', { kind, term, id });
}

function toListing(kind: ListedKind, id: string, { name, created_at, texts = [] }: Listed): ListingDoc {
  return { kind, id, name_order: nameOrder(name), created_at, terms: indexTerms([name, ...texts]) };
}

function sameListing(a: ListingDoc, b: ListingDoc): boolean {
  return (
    a.name_order === b.name_order &&
    a.created_at === b.created_at &&
    a.terms.length === b.terms.length &&
    a.terms.every((term, index) => term === b.terms[index])
  );
}

/** How a brane is listed: only while it is live and public. */
export function listedBrane(brane: BraneDoc): Listed | undefined {
  if (brane.status !== 'live' || brane.visibility !== 'public') return undefined;
  const { name, created_at, settings } = brane;
  return { name, created_at, texts: [...(settings?.tags ?? []), settings?.description ?? ''] };
}
