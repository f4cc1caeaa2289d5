import { Latencies } from './latencies';

describe('latencies', () => {
  it('tells percentiles by nearest rank', () => {
    const latencies = new Latencies();
    for (let ms = 100; ms >= 1; ms -= 1) latencies.add(ms);
    expect([0.5, 0.95, 0.99, 1].map((share) => latencies.percentile(share))).toEqual([50, 95, 99, 100]);
  });

  it('has no percentile without a value', () => {
    expect(new Latencies().percentile(0.5)).toBeNaN();
  });
});
