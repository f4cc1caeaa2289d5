import type { Clock } from '@state-server/domain';
import {
  type CollectionName,
  COLLECTIONS,
  type Documents,
  type IndexName,
  type Key,
  type KeyPart,
  type Store,
} from '@state-server/persistence-port';
import { before, DEFAULT_BOUNDS, sweep, type SweepBounds, type SweepReport } from './sweep';

/** An hour late rather than a second early (SYNC L4): no writer's clock is that far off. */
const GRACE_MS = 3_600_000;

/** The table seen as a plain map: here every collection is treated alike. */
interface Layout {
  readonly key: readonly string[];
  readonly indexes: Readonly<Record<string, { readonly fields: readonly string[] }>>;
  readonly expires?: string;
}
const LAYOUTS: Readonly<Record<CollectionName, Layout>> = COLLECTIONS;

/** The collections whose documents have a lifetime, from the one table. */
export function expiringCollections(): CollectionName[] {
  return (Object.keys(COLLECTIONS) as CollectionName[]).filter((name) => LAYOUTS[name].expires !== undefined);
}

/** Deletes what has outlived its lifetime: Idempotency-Keys, sessions, tokens, revocations, tickets, transaction records. */
export async function expireDocuments(
  deps: { readonly store: Store; readonly clock: Clock },
  collection: CollectionName,
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  const cutoff = before(deps.clock.now(), GRACE_MS);
  return sweep(bounds, () =>
    deps.store.transact({ label: `upkeep.expire.${collection}` }, async (tx) => {
      const index = expiryIndex(collection);
      const old = await tx.range(collection, { index, prefix: [], lt: [cutoff], limit: bounds.batch });
      // The write that deletes is what conflicts with a writer who prolongs the document meanwhile (SYNC P1).
      for (const document of old) tx.delete(collection, keyOf(collection, document));
      return old.length;
    }),
  );
}

/** Every collection with a lifetime has an index that begins with it: the test of the table sees to it. */
export function expiryIndex<Name extends CollectionName>(collection: Name): IndexName<Name> {
  const spec = LAYOUTS[collection];
  for (const [name, index] of Object.entries(spec.indexes)) {
    if (spec.expires !== undefined && index.fields[0] === spec.expires) return name as IndexName<Name>;
  }
  throw new Error(`the collection ${collection} has no index of its lifetime`);
}

function keyOf<Name extends CollectionName>(collection: Name, document: Documents[Name]): Key {
  const spec = LAYOUTS[collection];
  return spec.key.map((field) => {
    const part: unknown = Reflect.get(document, field);
    if (typeof part === 'string' || typeof part === 'number') return part satisfies KeyPart;
    throw new TypeError(`the key field ${field} of ${collection} is neither text nor number`);
  });
}
