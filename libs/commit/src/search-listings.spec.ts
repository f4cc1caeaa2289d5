import { queryTerms } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { type Key, putListing, type Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { type ListingSort, searchListings } from './search-listings';

interface Thing {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly rank?: number;
}

const idOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
const time = (index: number): string => new Date(1_767_225_600_000 + index * 1_000).toISOString();

/** Names and ages in orders of their own; many a name twice; a third of them visited. */
function things(count: number): Thing[] {
  return Array.from({ length: count }, (_, index) => ({
    id: idOf(index),
    name: `Town ${(index * 7_919) % 97} ${index % 50 === 0 ? 'Märkte 𝔸' : '￮'}`,
    created_at: time((index * 31) % count),
    ...(index % 3 === 0 ? { rank: 2_900_000_000 + ((index * 17) % 40) } : {}),
  }));
}

async function fill(store: Store, all: readonly Thing[]): Promise<void> {
  for (let from = 0; from < all.length; from += 200) {
    await store.transact({ label: 'spec' }, async (tx) => {
      for (const { rank, ...thing } of all.slice(from, from + 200)) {
        await putListing(tx, 'brane', thing.id, thing);
        const counts = { level: 1, visits: 1, edits: 0, instances: 0, updated_at: thing.created_at };
        if (rank !== undefined)
          tx.put('popularity', { kind: 'brane', id: thing.id, rank, listed: 'public', ...counts });
      }
    });
  }
}

async function searchAll(store: Store, text: string, sort: ListingSort, limit: number) {
  const ids: string[] = [];
  let after: Key | undefined;
  let pages = 0;
  do {
    const place = after;
    const page = await store.read({ label: 'spec' }, (tx) =>
      searchListings(tx, {
        kind: 'brane',
        terms: queryTerms(text),
        sort,
        limit,
        ...(place === undefined ? {} : { after: place }),
      }),
    );
    expect(page.ids.length).toBeLessThanOrEqual(limit);
    ids.push(...page.ids);
    after = page.next;
    pages += 1;
    expect(pages).toBeLessThan(200);
  } while (after !== undefined);
  return ids;
}

describe.each([
  ['few things: sorted', 180],
  ['many things: walked', 1_060],
])('a search among %s (BRANE-10)', (_, count) => {
  const all = things(count);
  let store: Store;
  beforeAll(async () => {
    store = createMemoryStore({ environment: createFakeEnvironment() });
    await fill(store, all);
  });

  const matching = (text: string): Thing[] =>
    text === 'markt' ? [] : text === 'town markte' ? all.filter(({ name }) => name.includes('Märkte')) : all;

  describe.each(['', 'town', 'town markte', 'markt town x'])('for %p', (text) => {
    const wanted = text === 'markt town x' ? [] : matching(text);

    it('by age: the newest first', async () => {
      const found = await searchAll(store, text, 'newest', 150);
      expect(new Set(found)).toEqual(new Set(wanted.map(({ id }) => id)));
      const ages = found.map((id) => all.find((thing) => thing.id === id)?.created_at ?? '');
      expect(ages).toEqual([...ages].sort().reverse());
      expect(found).toHaveLength(wanted.length);
    });

    it('by name', async () => {
      const found = await searchAll(store, text, 'name', 150);
      expect(found).toHaveLength(wanted.length);
      const names = found.map((id) =>
        Buffer.from(
          all
            .find((thing) => thing.id === id)
            ?.name.normalize('NFKD')
            .replace(/\p{M}/gu, '')
            .toLowerCase() ?? '',
        ),
      );
      expect(names).toEqual([...names].sort((a, b) => Buffer.compare(a, b)));
      expect(new Set(found).size).toBe(wanted.length);
    });

    it('by popularity: by rank, then those that nobody visited', async () => {
      const found = await searchAll(store, text, 'popularity', 150);
      expect(found).toHaveLength(wanted.length);
      expect(new Set(found).size).toBe(wanted.length);
      const ranks = found.map((id) => all.find((thing) => thing.id === id)?.rank ?? 0);
      expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
    });
  });
});

describe('a search (BRANE-10)', () => {
  it('finds what was made public after it was visited, though the rank does not know it yet', async () => {
    const store = createMemoryStore({ environment: createFakeEnvironment() });
    const counts = { level: 1, rank: 5, visits: 1, edits: 0, instances: 0, updated_at: time(0) };
    await fill(store, [{ id: idOf(1), name: 'town', created_at: time(0) }]);
    await store.transact({ label: 'spec' }, (tx) => {
      tx.put('popularity', { kind: 'brane', id: idOf(1), ...counts });
      tx.put('popularity', { kind: 'brane', id: idOf(2), listed: 'public', ...counts });
      return Promise.resolve();
    });
    for (const text of ['', 'town']) {
      // And not what is private by now, though the rank still lists it.
      expect(await searchAll(store, text, 'popularity', 10)).toEqual([idOf(1)]);
    }
  });

  it('looks at a bounded part of a long list, and leads on from there', async () => {
    const store = createMemoryStore({ environment: createFakeEnvironment() });
    await fill(store, [
      ...Array.from({ length: 2_100 }, (_, i) => ({ id: idOf(i), name: 'town', created_at: time(i) })),
      { id: idOf(9_999), name: 'town hall', created_at: time(-1) },
    ]);
    const search = { kind: 'brane', terms: ['town', 'hal'], sort: 'newest', limit: 10 } as const;
    const reads: number[] = [];
    const first = await store.read({ label: 'spec' }, (tx) =>
      searchListings(
        {
          ...tx,
          get: tx.get.bind(tx),
          getMany: tx.getMany.bind(tx),
          range: (collection, options) => {
            reads.push(options.limit);
            return tx.range(collection, options);
          },
        },
        search,
      ),
    );
    expect(first.ids).toEqual([]);
    expect(first.next).toBeDefined();
    expect(reads.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(3_001);
    const second = await store.read({ label: 'spec' }, (tx) =>
      searchListings(tx, { ...search, after: first.next ?? [] }),
    );
    expect(second).toEqual({ ids: [idOf(9_999)], next: undefined });
  }, 30_000);
});
