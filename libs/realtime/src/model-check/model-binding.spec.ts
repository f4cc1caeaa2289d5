import { nextInt, seededRandom } from '@state-server/testing';
import { next, stepsOf } from './explore.spec-support';
import { OPS, startWith, type State, type Step } from './heart-model.spec-support';
import { RealHeart } from './real-heart.spec-support';

/** One way through the model to a rest. */
function walk(seed: number): { readonly steps: readonly Step[]; readonly end: State } {
  const random = seededRandom(seed);
  const steps: Step[] = [];
  let state = startWith({ crashes: 1, breaks: 0 });
  for (let possible = stepsOf(state); possible.length > 0; possible = stepsOf(state)) {
    const step = possible[nextInt(random, possible.length)];
    if (!step) break;
    steps.push(step);
    state = next(state, step);
  }
  return { steps, end: state };
}

describe('the real engine under the steps of the model', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'shows no fault at any step, and comes to the same rest (MODEL-3, R1, R4, R5, seed %i)',
    async (seed) => {
      const { steps, end } = walk(seed);
      const real = new RealHeart();
      await real.start();
      for (const step of steps) {
        await real.take(step);
        expect([step, real.faults]).toEqual([step, []]);
      }
      await real.rest();
      expect(real.faults).toEqual([]);
      expect([...(await real.log())].sort()).toEqual([...end.log].sort());
      expect(real.seen().map(({ seq }) => seq)).toEqual(end.clients.map(({ seq }) => seq));
      expect(end.log).toHaveLength(OPS.length);
    },
    30_000,
  );
});
