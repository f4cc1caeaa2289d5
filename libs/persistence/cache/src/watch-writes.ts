import {
  type Changes,
  type CollectionName,
  type Documents,
  givesIds,
  isScoped,
  type Key,
  type Place,
  placeOf,
  type ScopedCollection,
  scopeOf,
  type Store,
  StoreError,
  type Transaction,
} from '@state-server/persistence-port';

/**
 * The same store, which tells what each transaction has changed: after its commit, and before whoever asked for it goes on,
 * so that he never reads something older than his own write in this process.
 */
export function watchWrites(store: Store, onChanges: (changes: Changes) => void): Store {
  return {
    kind: store.kind,
    read: (options, callback) => store.read(options, callback),
    ...(store.readSteps && { readSteps: store.readSteps.bind(store) }),
    check: () => store.check(),
    close: () => store.close(),
    async transact(options, callback) {
      // The callback may run again: what counts is what its last attempt did.
      let noted = new Noted();
      try {
        const result = await store.transact(options, (tx) => {
          noted = new Noted();
          return callback(watched(tx, noted));
        });
        noted.tell(onChanges);
        return result;
      } catch (error) {
        if (error instanceof StoreError && error.code === 'outcome_unknown') noted.doubt(onChanges);
        throw error;
      }
    },
  };
}

class Noted {
  private readonly places = new Map<string, Place>();
  private readonly gone = new Set<string>();
  private ids = false;

  put<Name extends CollectionName>(collection: Name, document: Documents[Name]): void {
    if (isScoped(collection)) {
      // One name is one collection: the document is of the kind that the name says.
      const place = placeOf<ScopedCollection>(collection, document as Documents[ScopedCollection]);
      this.places.set(place.scope, place);
      this.gone.delete(place.scope);
    }
    if (givesIds(collection)) this.ids = true;
  }

  delete(collection: CollectionName, key: Key): void {
    if (isScoped(collection)) {
      const scope = scopeOf(collection, key);
      this.places.delete(scope);
      this.gone.add(scope);
    }
    if (givesIds(collection)) this.ids = true;
  }

  tell(onChanges: (changes: Changes) => void): void {
    if (this.places.size === 0 && this.gone.size === 0 && !this.ids) return;
    onChanges({ places: [...this.places.values()], doubtful: [...this.gone], ids: this.ids });
  }

  /** It may have been committed, or may be still: nothing of what it touches is taken for granted. */
  doubt(onChanges: (changes: Changes) => void): void {
    const doubtful = [...this.places.keys(), ...this.gone];
    if (doubtful.length > 0 || this.ids) onChanges({ places: [], doubtful, ids: this.ids });
  }
}

function watched(tx: Transaction, noted: Noted): Transaction {
  return {
    get: (collection, key) => tx.get(collection, key),
    getMany: (collection, keys) => tx.getMany(collection, keys),
    range: (collection, options) => tx.range(collection, options),
    guard: (collection, key) => tx.guard(collection, key),
    put: (collection, document) => {
      tx.put(collection, document);
      noted.put(collection, document);
    },
    delete: (collection, key) => {
      tx.delete(collection, key);
      noted.delete(collection, key);
    },
  };
}
