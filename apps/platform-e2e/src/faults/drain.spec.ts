import { seededRandom } from '@state-server/testing';
import { drainOf } from './drain.faults';
import { FaultSystem } from './support/fault-system';
import { Load } from './support/load';
import { note } from './support/report';

describe('SIGTERM to a gateway under load', () => {
  let system: FaultSystem;
  beforeAll(async () => {
    system = await FaultSystem.start();
  });
  afterEach(() => Load.closeAll());
  afterAll(() => system.stop());

  it('tells its clients, who come back elsewhere with jitter, once each, and no user sees an error (R1, I2, PLAT-11)', async () => {
    const load = await Load.start(system, { via: 'origin', editors: 12, rate: 5 });
    const gateway = 'sync-gateway-1';
    const before = sessionsOf(system, gateway);
    const told = load.editors.filter(({ sessionIds }) => before.has(sessionIds.at(-1) ?? ''));
    expect(told.length).toBeGreaterThan(3);
    for (const { waits } of load.editors) waits.length = 0;
    load.mark();
    const fault = drainOf(gateway);
    await fault.run({ system, load, random: seededRandom(1), holdMs: 0 });
    const report = await load.finish({ fault: fault.name });

    expect(report.reconnects).toBe(told.length);
    expect(load.editors.filter(({ waits }) => waits.length > 0)).toEqual(told);
    const waits = told.flatMap((editor) => editor.waits);
    expect(waits).toHaveLength(told.length);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(200);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2_000);
    const other = sessionsOf(system, 'sync-gateway-2');
    const elsewhere = told.filter(({ sessionIds }) => other.has(sessionIds.at(-1) ?? ''));
    note(
      `  told to come again after ${Math.min(...waits)} to ${Math.max(...waits)} ms; ` +
        `${elsewhere.length} of ${told.length} on the other gateway, the rest on the one that was started anew`,
    );
    expect(elsewhere.length).toBeGreaterThan(0);
  });
});

function sessionsOf(system: FaultSystem, gateway: string): ReadonlySet<string> {
  const opened = system.logged(gateway, 'realtime.session.opened');
  return new Set(opened.map(({ session_id }) => String(session_id)));
}
