import type { Store } from '@state-server/persistence-port';
import { type FoundationDbStoreOptions, openFoundationDbStore } from '../foundationdb-store';
import { loadBinding } from '../load-binding';
import { ScriptedError } from './scripted-cluster';

type Spoiled = 'unknown_committed' | 'unknown_lost';

/** A store on a real cluster whose next commit is made or dropped, and whose outcome nobody is told. */
export async function interceptCommits(
  options: FoundationDbStoreOptions,
): Promise<{ readonly store: Store; readonly spoilNextCommit: (how: Spoiled) => void }> {
  let next: Spoiled | undefined;
  const store = await openFoundationDbStore({
    ...options,
    load: async () => {
      const module = await loadBinding();
      return {
        setAPIVersion: () => undefined,
        open: (clusterFile) => {
          const database = module.open(clusterFile);
          return {
            setNativeOptions: (given) => database.setNativeOptions(given),
            close: () => database.close(),
            rawCreateTransaction: (given) => {
              const native = database.rawCreateTransaction(given);
              const commit = native.rawCommit.bind(native);
              native.rawCommit = async () => {
                const how = next;
                next = undefined;
                if (how !== 'unknown_lost') await commit();
                if (how) throw new ScriptedError(1021);
              };
              return native;
            },
          };
        },
      };
    },
  });
  return {
    store,
    spoilNextCommit: (how) => {
      next = how;
    },
  };
}
