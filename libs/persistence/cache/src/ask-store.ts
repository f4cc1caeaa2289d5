import { type Place, placeOf, type Store } from '@state-server/persistence-port';

const BRANE = 'brane:';

/**
 * Asks the store where a scope stands: of a brane its head says so, which costs one read where what is cached costs several.
 * Any other scope is a document, which is read itself.
 */
export function askStore(
  store: Pick<Store, 'read'>,
): (scope: string) => Promise<Place | undefined> | 'unknown' {
  return (scope) => {
    if (!scope.startsWith(BRANE)) return 'unknown';
    return store.read({ label: 'cache.ask' }, async (tx) => {
      const head = await tx.get('heads', [scope.slice(BRANE.length)]);
      return head && placeOf('heads', head);
    });
  };
}
