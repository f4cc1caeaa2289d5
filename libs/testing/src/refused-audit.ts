import type { Store } from '@state-server/persistence-port';

/**
 * A store that takes no entry of the audit log as long as `refused` says so: an act that goes through all the same has been
 * written beside its entry, or has none.
 */
export function withRefusedAudit(store: Store, refused: () => boolean): Store {
  return {
    kind: store.kind,
    read: (options, callback) => store.read(options, callback),
    transact: (options, callback) =>
      store.transact(options, (tx) =>
        callback({
          get: (collection, key) => tx.get(collection, key),
          getMany: (collection, keys) => tx.getMany(collection, keys),
          range: (collection, range) => tx.range(collection, range),
          guard: (collection, key) => {
            tx.guard(collection, key);
          },
          put: (collection, document) => {
            if (collection === 'audit' && refused())
              throw new Error('no entry of the audit log is taken now');
            tx.put(collection, document);
          },
          delete: (collection, key) => {
            tx.delete(collection, key);
          },
        }),
      ),
    check: () => store.check(),
    close: () => store.close(),
  };
}
