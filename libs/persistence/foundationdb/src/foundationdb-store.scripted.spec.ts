import { describeStoreContract, type OpenStore } from '@state-server/persistence-contract';
import type { Store } from '@state-server/persistence-port';
import { scriptedStore } from './testing/open-scripted.spec-support';
import { ScriptedBinding } from './testing/scripted-binding';
import { ScriptedCluster } from './testing/scripted-cluster';

/*
 * Proves that the driver keeps the contract with what its binding answers, in order and in disorder. It proves nothing
 * about FoundationDB: that is foundationdb-store.spec.ts, on a real cluster.
 */

const open: OpenStore = async (environment) => {
  const cluster = new ScriptedCluster();
  const opened: Store[] = [];
  const openOne = async (binding = new ScriptedBinding(cluster)): Promise<Store> => {
    const { store } = await scriptedStore({ environment }, binding);
    opened.push(store);
    return store;
  };
  const binding = new ScriptedBinding(cluster);
  const store = await openOne(binding);
  return {
    store,
    second: await openOne(),
    reopen: () => openOne(),
    damage: (text) => {
      expect(cluster.damage(text)).toBeGreaterThan(0);
      return Promise.resolve(store);
    },
    spoilNextCommit: (how) => {
      binding.next('commit', { code: 1021, when: how === 'unknown_committed' ? 'after' : 'before' });
    },
    close: async () => {
      for (const each of opened) await each.close();
    },
  };
};

describeStoreContract('the driver of FoundationDB on a scripted double', { isolation: 'weak' }, open);
