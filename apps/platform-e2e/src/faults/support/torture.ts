import type { Random } from '@state-server/domain';
import { nextInt, pick, seededRandom } from '@state-server/testing';
import { FAULTS, mayBegin } from '../registry';
import { type Fault } from './fault';
import { FaultSystem } from './fault-system';
import { lasting } from './lasting';
import { Load } from './load';
import { type FaultReport } from './report';

export interface TortureOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

const AT_WORK_MOST = 3;
/** Faults in a row before everything must be well again. */
const ROUND = 6;
const HOLD_MS = { least: 500, most: 10_000 };
const PAUSE_MS = 4_000;
const WELL_WITHIN_MS = 60_000;
/** Of several at a time: a gateway that starts while auth is away knows no key yet, and says so. The SDK comes again. */
const TOLERATED = /an error: dependency\.unavailable/;

/** Faults picked at random, several at a time, until the time is over; then everything is compared. */
export async function torture(options: TortureOptions): Promise<FaultReport> {
  const { minutes, seed, say } = options;
  const random = seededRandom(seed);
  const system = await FaultSystem.start();
  try {
    const load = await Load.start(system, { via: 'origin', editors: 6, branes: 2, rate: 5, seed });
    const began = performance.now();
    const since = (): string => clock(performance.now() - began);
    const tell = (line: string): void => say(`${since()} ${line}`);
    const done: Fault[] = [];
    while (performance.now() - began < minutes * 60_000) {
      done.push(...(await round({ system, load, random, tell })));
      load.mark();
      const ms = await load.flows(WELL_WITHIN_MS);
      tell(
        `edits of all flow ${(ms / 1_000).toFixed(1)} s after; ${load.ledger.acknowledged.length} acknowledged so far`,
      );
    }
    const fault = `torture of ${minutes} min, ${done.length} faults, seed ${seed}`;
    return await load.finish({
      fault,
      withinMs: WELL_WITHIN_MS,
      tolerates: (complaint) =>
        TOLERATED.test(complaint) || done.some((one) => one.tolerates?.(complaint) === true),
      refusals: done.flatMap(({ refusals }) => refusals ?? []),
    });
  } finally {
    Load.closeAll();
    await system.stop();
  }
}

interface RoundContext {
  readonly system: FaultSystem;
  readonly load: Load;
  readonly random: Random;
  readonly tell: (line: string) => void;
}

/** Some faults, one after the other and several at a time; resolves when the cause of the last is gone. */
async function round({ system, load, random, tell }: RoundContext): Promise<Fault[]> {
  const atWork = new Map<Fault, Promise<void>>();
  const done: Fault[] = [];
  while (done.length < ROUND) {
    // What comes next, and for how long, is the seed's alone to say; when it may, the machine's.
    const fault = pick(random, FAULTS);
    const holdMs = HOLD_MS.least + nextInt(random, HOLD_MS.most - HOLD_MS.least);
    const pauseMs = nextInt(random, PAUSE_MS);
    while (atWork.size >= AT_WORK_MOST || !mayBegin(fault, [...atWork.keys()])) {
      await Promise.race(atWork.values());
    }
    tell(`${fault.name}${atWork.size > 0 ? ` (beside ${atWork.size} more)` : ''}`);
    const work = fault.run({ system, load, random, holdMs }).finally(() => atWork.delete(fault));
    // Told where it is awaited.
    work.catch(() => undefined);
    atWork.set(fault, work);
    done.push(fault);
    await Promise.race([work, lasting(pauseMs)]);
  }
  await Promise.all(atWork.values());
  return done;
}

function clock(ms: number): string {
  const total = Math.floor(ms / 1_000);
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${part(Math.floor(total / 60))}:${part(total % 60)}`;
}
