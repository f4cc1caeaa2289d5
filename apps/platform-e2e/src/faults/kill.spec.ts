import { seededRandom, sumCounter, until } from '@state-server/testing';
import { killAll, killOf } from './kill.faults';
import { FaultSystem } from './support/fault-system';
import { createKeyed, keyedFaults } from './support/keyed-creations';
import { LargeGroup } from './support/large-group';
import { Load } from './support/load';
import { note } from './support/report';
import { Resender } from './support/resender';

const RANDOM = seededRandom(1);
/** With the supervisor's pauses, which grow with every kill, on a machine that has other things to do. */
const READY_WITHIN_MS = 15_000;

describe('kill -9 under load', () => {
  let system: FaultSystem;
  beforeAll(async () => {
    system = await FaultSystem.start();
  });
  afterEach(() => Load.closeAll());
  afterAll(() => system.stop());

  it.each(
    [
      ['api-gateway'],
      ['auth'],
      ['callback-ingest'],
      ['jobs-runner'],
      ['sync-gateway-1'],
      ['sync-gateway-2'],
      ['sync-gateway-1', 'sync-gateway-2'],
      ['api-gateway', 'sync-gateway-1'],
      ['auth', 'jobs-runner'],
    ].map((names) => killOf(...names)),
  )('$name: nothing acknowledged is lost or doubled, all converge (I1, I5, R1, R4)', async (fault) => {
    const load = await Load.start(system, { via: 'origin' });
    const [brane] = load.branes;
    const [owner] = load.editors;
    if (!brane || !owner) throw new Error('a load has a brane and an editor');
    const keyed = createKeyed(owner.client, brane, 20);
    load.mark();
    await fault.run({ system, load, random: RANDOM, holdMs: 0 });
    const ids = await keyed;
    const report = await load.finish({
      fault: fault.name,
      check: () => keyedFaults(owner.client, brane, ids),
    });
    expect(report.readyMs).toBeLessThan(READY_WITHIN_MS);
  });

  it('of everything, the supervisor and Redis too: after a restart all is there, and users go on (I1, L3)', async () => {
    const load = await Load.start(system, { via: 'origin' });
    load.mark();
    await killAll.run({ system, load, random: RANDOM, holdMs: 0 });
    await load.finish({ fault: killAll.name });
  });

  it('of one of two gateways that compete for a brane: the other goes on at once (L5)', async () => {
    const load = await Load.start(system, { via: 'gateways', rate: 40 });
    const conflictsBefore = await counted(system, 'commit_conflicts_total');
    const conflicts = await until(
      async () => {
        const more = (await counted(system, 'commit_conflicts_total')) - conflictsBefore;
        return more > 0 && more;
      },
      { timeoutMs: 20_000, everyMs: 100, what: 'the gateways to compete' },
    );
    load.mark();
    const began = performance.now();
    const fault = killOf('sync-gateway-1');
    await fault.run({ system, load, random: RANDOM, holdMs: 0 });
    await load.finish({ fault: `${fault.name} that competes for a brane` });
    const others = [...load.ledger.made.values()].filter(
      ({ editor, madeAt }) => editor % 2 === 1 && madeAt >= began,
    );
    const slowest = Math.max(
      ...others.map(({ outcome }) => (outcome?.kind === 'saved' ? outcome.after : Infinity)),
    );
    note(
      `  ${conflicts} conflicts before it; slowest save of the survivor ${slowest.toFixed(0)} ms of ${others.length}`,
    );
    // A marker that its writer left behind bars for 500 ms.
    expect(slowest).toBeLessThan(2_000);
  });

  it('of the writer and of the worker while a large group is re-keyed: the work is done in the end (S2, F1)', async () => {
    const group = await LargeGroup.make(system);
    const load = await Load.start(system, { via: 'origin' });
    load.mark();
    await group.move();
    const fault = killOf('jobs-runner', 'sync-gateway-1', 'sync-gateway-2');
    await fault.run({ system, load, random: RANDOM, holdMs: 0 });
    await load.finish({ fault: `${fault.name} while a large group is re-keyed` });
    const ms = await group.allWorkDone(45_000);
    note(`  the group was re-keyed ${(ms / 1_000).toFixed(1)} s after that`);
    group.close();
  });

  it('of the worker that forgets op ids, and of a gateway: what is sent again too late is told so, and never doubled (I4)', async () => {
    const load = await Load.start(system, { via: 'origin' });
    load.mark();
    const resender = await Resender.open(system, 20);
    await resender.sendAll();
    await system.restartWith('jobs-runner', { DEDUPE_MS: '1', UPKEEP_EVERY_MS: '300' });
    const fault = killOf('jobs-runner', 'sync-gateway-1', 'sync-gateway-2');
    await fault.run({ system, load, random: RANDOM, holdMs: 0 });
    expect(await resender.untilTooOld()).toBe('edit.too_old');
    await system.restartWith('jobs-runner', {});
    expect(await resender.sendNew()).toBe('brane.ack');
    expect(await resender.timesInLog()).toEqual(new Set([1]));
    resender.close();
    // An object whose creation is too old is not there: what was done to it meanwhile finds nothing.
    const refusals = ['edit.too_old', 'object.not_found'];
    await load.finish({ fault: `${fault.name} while op ids are forgotten`, refusals });
  });
});

async function counted(system: FaultSystem, metric: string): Promise<number> {
  const pages = await Promise.all(system.gateways.map(({ name }) => system.metrics(name)));
  return sumCounter(pages, metric);
}
