import { describeStoreContract, type OpenStore } from '@state-server/persistence-contract';
import type { Store } from '@state-server/persistence-port';
import type { KvKey } from '@state-server/persistence-records';
import { describeWithServer } from '@state-server/testing';
import { openFoundationDbKv, openFoundationDbStore } from './foundationdb-store';
import type { FoundationDbKv } from './foundationdb-kv';
import { interceptCommits } from './testing/intercept-commits';

/*
 * The one spec that loads the real binding: it can be loaded once in a process, and a second spec file would share the
 * process with this one.
 */

/** Each fixture has a directory of its own, which is empty in the end. */
let fixtures = 0;

const everything = { reverse: false, limit: 100_000 };

async function change(
  kv: FoundationDbKv,
  edit: (key: KvKey, value: Uint8Array) => Uint8Array | undefined | 'keep',
): Promise<number> {
  const tx = await kv.begin();
  const writes = new Map<KvKey, Uint8Array | undefined>();
  for (const { key, value } of await tx.range('\x00', '\xff', everything)) {
    const next = edit(key, value);
    if (next !== 'keep') writes.set(key, next);
  }
  await tx.commit({ label: 'spec', guards: [], writes, bytes: 0 });
  return writes.size;
}

function flipBit(value: Uint8Array, text: string): Uint8Array | 'keep' {
  const copy = Buffer.from(value);
  const place = copy.indexOf(text);
  if (place < 0) return 'keep';
  copy.writeUInt8(copy.readUInt8(place) ^ 0x10, place);
  return copy;
}

const openOn =
  (clusterFile: string): OpenStore =>
  async (environment) => {
    fixtures += 1;
    const directory = `state-server/spec/${process.pid}-${fixtures}`;
    const options = { clusterFile, directory, environment };
    const opened: Store[] = [];
    const openOne = async (): Promise<Store> => {
      const store = await openFoundationDbStore(options);
      opened.push(store);
      return store;
    };
    const below = await openFoundationDbKv(options);
    const { store, spoilNextCommit } = await interceptCommits(options);
    opened.push(store);
    return {
      store,
      second: await openOne(),
      reopen: openOne,
      damage: async (text) => {
        expect(await change(below, (_key, value) => flipBit(value, text))).toBeGreaterThan(0);
        return store;
      },
      spoilNextCommit,
      close: async () => {
        for (const each of opened) await each.close();
        while ((await change(below, () => undefined)) > 0);
        await below.close();
      },
    };
  };

describeWithServer(
  {
    name: 'the store on FoundationDB',
    variable: 'TEST_FDB_CLUSTER_FILE',
    value: 'the cluster file of a FoundationDB 7.3 that may be written to, beside its libfdb_c',
  },
  (clusterFile) => {
    describeStoreContract('the store on FoundationDB', { isolation: 'weak' }, openOn(clusterFile));
  },
);
