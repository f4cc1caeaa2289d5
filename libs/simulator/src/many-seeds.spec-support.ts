import { COUNTED, Coverage, type Counted } from './coverage';
import { planOf, replayCommand } from './plan';
import { shrink } from './shrink';
import { simulate } from './simulate';

/** Runs these seeds in one isolation mode; the first that fails is made smaller and named with the command that replays it. */
export async function runSeeds(from: number, count: number, isolation: 'weak' | 'strict'): Promise<Coverage> {
  const coverage = new Coverage();
  for (let seed = from; seed < from + count; seed += 1) {
    const outcome = await simulate(planOf(seed, { isolation }));
    coverage.add(outcome.coverage);
    const { violation } = outcome;
    if (!violation) continue;
    const smallest = await shrink({ ...outcome, violation });
    throw new Error(
      `seed ${seed}: ${violation.message}\nsmaller: ${smallest.violation.message}\n${replayCommand(smallest.plan)}`,
    );
  }
  return coverage;
}

/** What these runs have never met, but for what this mode cannot meet. */
export function blindTo(coverage: Coverage, excused: readonly Counted[] = []): Counted[] {
  return COUNTED.filter((what) => coverage.of(what) === 0 && !excused.includes(what));
}
