import { spawnSync } from 'node:child_process';
import { type Client, createClient, StateError } from '@state-server/client';
import { type BraneId, asObjectId } from '@state-server/domain';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { fillDisk } from './disk-full.faults';
import { FaultSystem } from './support/fault-system';
import { Load } from './support/load';

const hasLimits = spawnSync('prlimit', ['--version']).status === 0;

(hasLimits ? describe : describe.skip)('a full disk (prlimit)', () => {
  let system: FaultSystem;
  let owner: Client;
  beforeAll(async () => {
    system = await FaultSystem.start();
    owner = createClient({ origin: system.origin, WebSocket, name: 'e2e' });
    await owner.signInDev('Owner');
  });
  afterAll(async () => {
    owner.close();
    await system.stop();
  });

  it('refuses writes in words, goes on reading, and takes all edits when there is room again (F3, STORE-16)', async () => {
    const load = await Load.start(system);
    const { id } = await owner.rest.createBrane({ name: 'before' });
    const pids = system.services.map(({ pid }) => pid);
    // Nothing may grow: free pages inside the file are used up first, then large writes fail, and small ones may pass.
    load.mark();
    let makeRoom = fillDisk(system, 'grown');
    const large = await until(() => writeFails(owner, id), {
      timeoutMs: 20_000,
      what: 'a write to be refused',
    });
    expect(large).toEqual({ code: 'dependency.unavailable', status: 503, retryable: true });
    expect(system.logged('api-gateway', 'store.failed')).not.toEqual([]);
    makeRoom();

    // Nothing can be written: nobody's edit is acknowledged, all that is stored is read, nobody is put out.
    await load.flows();
    makeRoom = fillDisk(system, 'all');
    expect(await until(() => writeFails(owner, id))).toMatchObject({ status: 503 });
    expect((await owner.rest.brane(id)).name).toBe('before');
    expect((await owner.rest.snapshot(id)).objects.length).toBeGreaterThan(0);
    await until(async () => (await system.notReady()).length >= 2, { what: 'readiness to tell' });
    const made = load.ledger.made.size;
    await until(() => load.ledger.made.size > made + 40);
    expect(load.editors.map(({ client }) => client.status.state)).toEqual(load.editors.map(() => 'open'));
    makeRoom();
    load.mark();
    await load.finish({ fault: 'disk full, then room again' });
    expect(system.services.map(({ pid }) => pid)).toEqual(pids);
    expect((await owner.rest.renameBrane(id, 'after')).name).toBe('after');
  });
});

type Refused = Pick<StateError, 'code' | 'status' | 'retryable'>;

/** The error with which the write was refused, when it was. */
async function writeFails(owner: Client, id: BraneId): Promise<Refused | undefined> {
  const set = { '/properties/text': crypto.randomUUID().repeat(800) };
  try {
    await owner.rest.edit(id, [{ op: 'update', id: asObjectId(id), set }]);
    return undefined;
  } catch (error) {
    if (error instanceof StateError) {
      const { code, status, retryable } = error;
      return { code, status, retryable };
    }
    throw error;
  }
}
