import type {
  CollectionName,
  Documents,
  Key,
  RangeOptions,
  ReadTransaction,
  StepReader,
  Steps,
  Store,
  TransactOptions,
  Transaction,
} from '@state-server/persistence-port';
import { flagIn, READ_ONLY_KEY, refusedBy } from './read-only-mode';

/**
 * The store as every service sees it: a transaction that writes looks at the read-only flag in its own snapshot, and throws
 * `read_only` where it stands. Where guards are validated it guards the flag, too, and then there is no moment at which
 * somebody writes beside whoever has just set it. Reads are not looked at.
 */
export function gatedStore(store: Store): Store {
  return new GatedStore(store);
}

class GatedStore implements Store {
  readonly readSteps?: <T>(
    options: TransactOptions,
    steps: (reader: StepReader) => Steps<T>,
  ) => T | Promise<T>;

  constructor(private readonly store: Store) {
    if (store.readSteps) this.readSteps = store.readSteps.bind(store);
  }

  get kind(): string {
    return this.store.kind;
  }

  get guarding(): Store['guarding'] {
    return this.store.guarding;
  }

  transact<T>(options: TransactOptions, callback: (tx: Transaction) => Promise<T>): Promise<T> {
    const guarded = this.store.guarding === 'validated';
    return this.store.transact(options, async (tx) => {
      // Beside the callback's own reads; one by one where the database does not take two at a time.
      const early = guarded ? flagIn(tx) : undefined;
      early?.catch(() => undefined);
      const gated = new GatedTransaction(tx);
      const result = await callback(gated);
      if (!gated.wrote) return result;
      const flag = await (early ?? flagIn(tx));
      if (flag) throw refusedBy(flag);
      if (guarded) tx.guard('meta', [READ_ONLY_KEY]);
      return result;
    });
  }

  read<T>(options: TransactOptions, callback: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    return this.store.read(options, callback);
  }

  check(): Promise<void> {
    return this.store.check();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

/** Knows whether it wrote. */
class GatedTransaction implements Transaction {
  wrote = false;

  constructor(private readonly tx: Transaction) {}

  get<Name extends CollectionName>(collection: Name, key: Key): Promise<Documents[Name] | undefined> {
    return this.tx.get(collection, key);
  }

  getMany<Name extends CollectionName>(
    collection: Name,
    keys: readonly Key[],
  ): Promise<(Documents[Name] | undefined)[]> {
    return this.tx.getMany(collection, keys);
  }

  range<Name extends CollectionName>(
    collection: Name,
    options: RangeOptions<Name>,
  ): Promise<Documents[Name][]> {
    return this.tx.range(collection, options);
  }

  guard(collection: CollectionName, key: Key): void {
    this.tx.guard(collection, key);
  }

  put<Name extends CollectionName>(collection: Name, document: Documents[Name]): void {
    this.tx.put(collection, document);
    this.wrote = true;
  }

  delete(collection: CollectionName, key: Key): void {
    this.tx.delete(collection, key);
    this.wrote = true;
  }
}
