import { type CollectionName, COLLECTIONS, type Store } from '@state-server/persistence-port';

const MOST = 10_000;

/** Everything that is stored, by collection; for small worlds. Throws when one is larger. */
export async function dump(store: Store): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const names = Object.keys(COLLECTIONS) as CollectionName[];
  return store.read({ label: 'dump' }, async (tx) => {
    const found: Record<string, readonly unknown[]> = {};
    for (const name of names) {
      const documents = await tx.range(name, { prefix: [], limit: MOST });
      if (documents.length === MOST) throw new Error(`${name} is too large to be dumped`);
      found[name] = documents;
    }
    return found;
  });
}
