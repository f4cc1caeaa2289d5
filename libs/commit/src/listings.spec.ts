import { indexTerms } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import {
  type Listed,
  type ListingDoc,
  putListing,
  type SearchTermDoc,
  type Store,
} from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';

const AT = '2026-01-01T00:00:00.000Z';

describe('a listing (BRANE-8)', () => {
  let store: Store;
  const put = (id: string, listed: Listed | undefined): Promise<void> =>
    store.transact({ label: 'spec' }, (tx) => putListing(tx, 'brane', id, listed));
  const stored = (): Promise<[ListingDoc[], SearchTermDoc[]]> =>
    store.read({ label: 'spec' }, (tx) =>
      Promise.all([
        tx.range('listings', { prefix: [], limit: 100 }),
        tx.range('search_terms', { prefix: [], limit: 100 }),
      ]),
    );

  beforeEach(() => {
    store = createMemoryStore({ environment: createFakeEnvironment() });
  });

  it('comes with a term for each word, follows every change, and goes without a trace', async () => {
    await put('a', { name: 'Blue Harbour', created_at: AT, texts: ['ships'] });
    await put('b', { name: 'Blue hill', created_at: AT });
    await put('a', { name: 'Red harbour', created_at: AT });
    const [listings, terms] = await stored();
    expect(listings.map(({ id, name_order }) => [id, name_order])).toEqual([
      ['a', 'red harbour'],
      ['b', 'blue hill'],
    ]);
    expect(terms.map(({ term, id }) => [term, id])).toEqual([
      ['blue', 'b'],
      ['harbour', 'a'],
      ['hill', 'b'],
      ['red', 'a'],
    ]);
    await put('a', undefined);
    await put('a', undefined);
    await put('b', undefined);
    expect(await stored()).toEqual([[], []]);
  });

  it('takes the terms with it that were written, whatever today’s rules would make of the name', async () => {
    await store.transact({ label: 'spec' }, (tx) => {
      tx.put('listings', { kind: 'brane', id: 'a', name_order: 'x', created_at: AT, terms: ['old form'] });
      tx.put('search_terms', { kind: 'brane', term: 'old form', id: 'a' });
      return Promise.resolve();
    });
    await put('a', { name: 'new', created_at: AT });
    const [[listing], terms] = await stored();
    expect(listing?.terms).toEqual(indexTerms(['new']));
    expect(terms.map(({ term }) => term)).toEqual(['new']);
  });
});
