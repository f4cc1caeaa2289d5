import { planOf } from './plan';
import { simulate } from './simulate';

describe('a seed', () => {
  it.each([3, 4, 7, 14])('%i gives the same run, event by event, every time', async (seed) => {
    const first = await simulate(planOf(seed));
    const second = await simulate(planOf(seed));
    expect(second.trace).toBe(first.trace);
    expect(second.events).toBe(first.events);
    expect(first.events).toBeGreaterThan(300);
  });

  it('gives another run than the next one', async () => {
    const [one, other] = [await simulate(planOf(3)), await simulate(planOf(5))];
    expect(one.trace).not.toBe(other.trace);
  });
});
