import { planOf } from './plan';
import { simulate } from './simulate';

describe('a seed', () => {
  it.each([3, 4, 7, 14])('gives the same run, event by event, every time (SIM-16, seed %i)', async (seed) => {
    const first = await simulate(planOf(seed));
    const second = await simulate(planOf(seed));
    expect(second.trace).toBe(first.trace);
    expect(second.events).toBe(first.events);
    expect(first.events).toBeGreaterThan(300);
  });

  it('gives another run than the next one (SIM-16)', async () => {
    const [one, other] = [await simulate(planOf(3)), await simulate(planOf(5))];
    expect(one.trace).not.toBe(other.trace);
  });
});
