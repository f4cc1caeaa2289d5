import type { PrototypeDoc } from '@state-server/persistence-port';
import { updatePrototype } from './change-prototype';
import { type ListPrototypes, listPrototypes } from './list-prototypes';
import { openWorkshop, type Workshop } from './prototypes.spec-support';

describe('a search for prototypes', () => {
  let shop: Workshop;
  beforeEach(async () => {
    shop = await openWorkshop();
  });
  afterEach(() => shop.close());

  const offer = async (name: string, fields: object = {}): Promise<PrototypeDoc> => {
    await shop.environment.advance(1_000);
    const prototype = await shop.prototype({ name, is_public: true, ...fields });
    await shop.publish(prototype.id, { user_id: prototype.owner_id });
    return prototype;
  };
  /** All pages of at most two. */
  const names = async (fields: Partial<ListPrototypes> = {}): Promise<string[]> => {
    const found: string[] = [];
    let after: ListPrototypes['after'];
    for (let pages = 0; pages < 20; pages += 1) {
      const page = await listPrototypes(shop.store, {
        user_id: shop.stranger,
        scope: 'public',
        order: fields.q === undefined ? 'newest' : 'match',
        limit: 2,
        ...fields,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.items.map(({ name }) => name));
      if (page.next === undefined) return found;
      after = page.next;
    }
    throw new Error('no end of pages');
  };

  it('finds beginnings of words of name, tags and description, folded, each prototype once (PROTO-20)', async () => {
    await offer('Große Lampe', { tags: ['light'], description: 'for a lamplit room' });
    await offer('chair', { description: 'a seat by LAMPLIGHT' });
    await offer('lamp lamps lampoon');
    expect((await names({ q: 'lamp' })).sort()).toEqual(['Große Lampe', 'chair', 'lamp lamps lampoon']);
    expect(await names({ q: 'GROSSE la' })).toEqual(['Große Lampe']);
    expect(await names({ q: 'light' })).toEqual(['Große Lampe']);
    expect(await names({ q: 'sofa' })).toEqual([]);
    expect(await names({ q: '!?' })).toEqual([]);
    expect((await names({ q: 'lamp', order: 'newest' }))[0]).toBe('lamp lamps lampoon');
  });

  it('lists the newest first, of everybody or of one owner, and one’s own whatever they are (PROTO-20)', async () => {
    for (const name of ['a', 'b', 'c']) await offer(name);
    await offer('d', { user_id: shop.stranger });
    await shop.prototype({ name: 'draft' });
    expect(await names()).toEqual(['d', 'c', 'b', 'a']);
    expect(await names({ scope: 'public_of', owner: shop.owner })).toEqual(['c', 'b', 'a']);
    expect((await names({ scope: 'own', user_id: shop.owner })).sort()).toEqual(['a', 'b', 'c', 'draft']);
    expect(await names({ scope: 'own', user_id: shop.owner, q: 'dra' })).toEqual(['draft']);
  });

  it('goes on behind the last item, whatever is written between two pages (PROTO-20)', async () => {
    const made: PrototypeDoc[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) made.push(await offer(name));
    const list = { user_id: shop.stranger, scope: 'public', order: 'newest', limit: 2 } as const;
    const first = await listPrototypes(shop.store, list);
    expect(first.items.map(({ name }) => name)).toEqual(['e', 'd']);
    await offer('f');
    const [a, , , d] = made;
    for (const gone of [a, d]) {
      if (gone) await updatePrototype(shop.deps, { user_id: shop.owner, id: gone.id, is_public: false });
    }
    const second = await listPrototypes(shop.store, { ...list, ...(first.next && { after: first.next }) });
    expect(second.items.map(({ name }) => name)).toEqual(['c', 'b']);
  });

  it('by popularity walks the index of ranks (PROTO-20)', async () => {
    const [quiet, busy] = [await offer('quiet'), await offer('busy')];
    await shop.store.transact({ label: 'spec' }, async (tx) => {
      for (const [{ id }, rank] of [
        [quiet, 1],
        [busy, 9],
      ] as const) {
        const counts = { visits: 0, edits: 0, instances: rank };
        tx.put('popularity', {
          kind: 'prototype',
          id,
          level: rank,
          rank,
          listed: 'public',
          ...counts,
          updated_at: '',
        });
      }
    });
    expect(await names({ order: 'popularity' })).toEqual(['busy', 'quiet']);
    expect(await names({ order: 'popularity', q: 'qui' })).toEqual(['quiet']);
  });
});
