import { describeFoundationDbCluster, readStatus } from './cluster-status';
import { clusterFile } from './testing/open-scripted.spec-support';
import { ScriptedBinding } from './testing/scripted-binding';

/* An extract of what a cluster of one process says (FoundationDB 7.3). */
const STATUS = {
  client: { database_status: { available: true, healthy: true } },
  cluster: {
    configuration: { redundancy_mode: 'single', storage_engine: 'ssd-2' },
    data: { state: { healthy: true }, total_kv_size_bytes: 4711 },
    database_available: true,
    database_lock_state: { locked: false },
    messages: [{ name: 'x', description: 'the disk is slow' }, { name: 'unnamed' }, 7],
    processes: { a: { version: '7.3.80' }, b: { version: '7.3.80' } },
  },
};

const NOTHING = {
  ...{ available: undefined, healthy: undefined, locked: undefined, versions: [], processes: 0 },
  ...{ storageEngine: undefined, redundancy: undefined, dataBytes: undefined, messages: [] },
};

async function describeWith(binding: ScriptedBinding): Promise<unknown> {
  const file = clusterFile();
  try {
    return await describeFoundationDbCluster({
      clusterFile: file.path,
      load: () => Promise.resolve(binding),
    });
  } finally {
    file.remove();
  }
}

describe('what a FoundationDB cluster says about itself (STORE-38)', () => {
  it('is read from its status (STORE-38)', () => {
    expect(readStatus(STATUS)).toEqual({
      ...{ available: true, healthy: true, locked: false, versions: ['7.3.80'], processes: 2 },
      ...{ storageEngine: 'ssd-2', redundancy: 'single', dataBytes: 4711 },
      messages: ['the disk is slow', 'unnamed'],
    });
  });

  it('may be nothing, or anything (STORE-38)', () => {
    for (const status of [
      undefined,
      null,
      7,
      {},
      { cluster: null },
      { cluster: { processes: 7, messages: {} } },
    ])
      expect(readStatus(status)).toEqual(NOTHING);
    expect(readStatus({ client: { database_status: { available: false } } })).toEqual({
      ...NOTHING,
      available: false,
    });
  });

  it('is asked for by a key of its own, and told with the coordinators (STORE-38)', async () => {
    const binding = new ScriptedBinding();
    binding.cluster.commit({
      ...{ readVersion: 1, readConflicts: new Set(), writeConflicts: new Set() },
      writes: new Map([['\xff\xff/status/json', Buffer.from(JSON.stringify(STATUS))]]),
    });
    expect(await describeWith(binding)).toMatchObject({ coordinators: '127.0.0.1:4500', processes: 2 });
    expect(binding.openDatabases).toBe(0);
  });

  it('where it says nothing, that is said in words (STORE-38)', async () => {
    await expect(describeWith(new ScriptedBinding())).rejects.toMatchObject({ code: 'unavailable' });
    const silent = new ScriptedBinding();
    silent.next('get', { code: 1031 });
    await expect(describeWith(silent)).rejects.toThrow(/127\.0\.0\.1:4500 says nothing.*1031/);
    expect(silent.openDatabases).toBe(0);
  });
});
