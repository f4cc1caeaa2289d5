import type { Clock } from '@state-server/domain';
import {
  type CollectionName,
  COLLECTIONS,
  type Documents,
  type IndexName,
  type Key,
  type KeyPart,
  type RangeOptions,
  type RetentionSetting,
  type Store,
} from '@state-server/persistence-port';
import { before, DEFAULT_BOUNDS, sweep, type SweepBounds, type SweepReport } from './sweep';

/** An hour late rather than a second early (SYNC L4): no writer's clock is that far off. */
const GRACE_MS = 3_600_000;
const DAY_MS = 24 * 3_600_000;

/** The table seen as a plain map: here every collection is treated alike. */
interface Layout {
  readonly key: readonly string[];
  readonly indexes: Readonly<Record<string, { readonly fields: readonly string[] }>>;
  readonly expires?: string;
  readonly kept?: RetentionSetting;
}
const LAYOUTS: Readonly<Record<CollectionName, Layout>> = COLLECTIONS;

/** The collections whose documents have a lifetime, from the one table. */
export function expiringCollections(): CollectionName[] {
  return (Object.keys(COLLECTIONS) as CollectionName[]).filter((name) => LAYOUTS[name].expires !== undefined);
}

export interface ExpireDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** How long documents are kept whose lifetime is a setting, days; 0 or absent: for ever. */
  readonly retention?: Partial<Readonly<Record<RetentionSetting, number>>>;
}

/** Deletes what has outlived its lifetime: Idempotency-Keys, sessions, tokens, revocations, tickets, audit entries, … */
export async function expireDocuments(
  deps: ExpireDeps,
  collection: CollectionName,
  bounds: SweepBounds = DEFAULT_BOUNDS,
): Promise<SweepReport> {
  const keptMs = lifetimeMs(deps, collection);
  if (keptMs === undefined) return { done: 0, finished: true };
  const cutoff = before(deps.clock.now(), keptMs + GRACE_MS);
  return sweep(bounds, () =>
    deps.store.transact({ label: `upkeep.expire.${collection}` }, async (tx) => {
      const options = { ...inOrderOfAge(collection), prefix: [], lt: [cutoff], limit: bounds.batch };
      const old = await tx.range(collection, options);
      // The write that deletes is what conflicts with a writer who prolongs the document meanwhile (SYNC P1).
      for (const document of old) tx.delete(collection, keyOf(collection, document));
      return old.length;
    }),
  );
}

/** How long after the time of its field a document is to go; undefined: never. */
function lifetimeMs({ retention }: ExpireDeps, collection: CollectionName): number | undefined {
  const { kept } = LAYOUTS[collection];
  if (kept === undefined) return 0;
  const days = retention?.[kept] ?? 0;
  return days === 0 ? undefined : days * DAY_MS;
}

/**
 * Every collection with a lifetime has an index that begins with it, or a key that does (undefined): the test of the table
 * sees to it.
 */
export function expiryIndex<Name extends CollectionName>(collection: Name): IndexName<Name> | undefined {
  const spec = LAYOUTS[collection];
  if (spec.expires !== undefined && spec.key[0] === spec.expires) return undefined;
  for (const [name, index] of Object.entries(spec.indexes)) {
    if (spec.expires !== undefined && index.fields[0] === spec.expires) return name as IndexName<Name>;
  }
  throw new Error(`the collection ${collection} has no index of its lifetime`);
}

function inOrderOfAge<Name extends CollectionName>(collection: Name): Pick<RangeOptions<Name>, 'index'> {
  const index = expiryIndex(collection);
  return index === undefined ? {} : { index };
}

function keyOf<Name extends CollectionName>(collection: Name, document: Documents[Name]): Key {
  const spec = LAYOUTS[collection];
  return spec.key.map((field) => {
    const part: unknown = Reflect.get(document, field);
    if (typeof part === 'string' || typeof part === 'number') return part satisfies KeyPart;
    throw new TypeError(`the key field ${field} of ${collection} is neither text nor number`);
  });
}
