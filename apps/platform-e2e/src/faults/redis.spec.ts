import { seededRandom } from '@state-server/testing';
import { redisEmptied, redisFrozen, redisStopped } from './redis.faults';
import { FaultSystem } from './support/fault-system';
import { LargeGroup } from './support/large-group';
import { Load } from './support/load';
import { note } from './support/report';
import { revokeOne, type RevocationTimes } from './support/revoked';

const OUTAGE_MS = 20_000;
const PEERS_WITHIN_MS = 1_500;
const REFUSED_WITHIN_MS = 2_000;
/** The schedules are set anew at once, the outbox is looked at every 5 s. */
const WORK_WITHIN_MS = 20_000;

describe('Redis away under load', () => {
  let system: FaultSystem;
  /** Moved before, in the beginning and in the end of an outage. */
  let groups: { readonly before: LargeGroup; readonly early: LargeGroup; readonly late: LargeGroup };
  beforeAll(async () => {
    system = await FaultSystem.start();
    const make = (): Promise<LargeGroup> => LargeGroup.make(system);
    groups = { before: await make(), early: await make(), late: await make() };
  });
  afterEach(() => Load.closeAll());
  afterAll(async () => {
    for (const group of Object.values(groups)) group.close();
    await system.stop();
  });

  it.each([
    { fault: redisStopped, holdMs: OUTAGE_MS },
    { fault: redisFrozen, holdMs: OUTAGE_MS },
    { fault: redisEmptied, holdMs: 0 },
  ])(
    '$fault.name: edits, delivery and revocation go on, no work is forgotten (F1, F2, S2)',
    async ({ fault, holdMs }) => {
      const load = await Load.start(system, { via: 'gateways', editors: 3 });
      // Of the two gateways only one writes: the other learns of new entries from nobody but the bus, or by looking.
      const quiet = await Load.start(system, { via: 'gateways', editors: 2, writers: 1 });
      await groups.before.move();
      load.mark();
      const began = performance.now();
      const outage = fault.run({ system, load, random: seededRandom(1), holdMs });
      await groups.early.move();
      const revoked: RevocationTimes[] = [];
      do revoked.push(await revokeOne(system));
      while (performance.now() - began < holdMs - 5_000);
      await groups.late.move();
      await outage;
      const ended = performance.now();
      const [peers, onlookers] = [load, quiet].map(({ ledger }) => ledger.peerLatencies(began, ended));
      const report = await load.finish({ fault: fault.name });
      await quiet.finish({ fault: `${fault.name}, seen by an onlooker` });
      const all = Object.values(groups).map((group) => group.allWorkDone(WORK_WITHIN_MS));
      const workMs = Math.max(...(await Promise.all(all)));

      const slowest = Math.max(peers?.percentile(1) ?? Infinity, onlookers?.percentile(1) ?? Infinity);
      const rest = Math.max(...revoked.map(({ restMs }) => restMs));
      const sockets = Math.max(...revoked.flatMap(({ socketMs }) => socketMs));
      note(
        `  slowest edit → peer ${slowest.toFixed(0)} ms of ${(peers?.count ?? 0) + (onlookers?.count ?? 0)}; a revoked token refused by REST after ` +
          `${rest.toFixed(0)} ms, by sockets after ${sockets.toFixed(0)} ms (${revoked.length} tries); ` +
          `all work done ${(workMs / 1_000).toFixed(1)} s after the outage`,
      );
      expect(report.reconnects).toBe(0);
      expect(slowest).toBeLessThan(PEERS_WITHIN_MS);
      expect(rest).toBeLessThan(REFUSED_WITHIN_MS);
      expect(sockets).toBeLessThan(REFUSED_WITHIN_MS);
    },
  );
});
