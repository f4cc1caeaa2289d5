import { seededRandom } from '@state-server/testing';
import { killOf } from './kill.faults';
import { FaultSystem } from './support/fault-system';
import { Load } from './support/load';

const EACH = ['api-gateway', 'auth', 'callback-ingest', 'jobs-runner', 'sync-gateway-1', 'sync-gateway-2'];

describe('kill -9 under load', () => {
  let system: FaultSystem;
  beforeAll(async () => {
    system = await FaultSystem.start();
  });
  afterAll(() => system.stop());

  it.each(EACH)('of %s: nothing acknowledged is lost or doubled, all converge (I1, R1, R4)', async (name) => {
    const load = await Load.start(system, { via: name.startsWith('sync') ? 'gateways' : 'origin' });
    load.mark();
    const fault = killOf(name);
    await fault.run({ system, load, random: seededRandom(1), holdMs: 0 });
    await load.finish({ fault: fault.name });
  });
});
