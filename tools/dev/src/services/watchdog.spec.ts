import { silentServices, sleptSince } from './watchdog';

const NOW = 100_000;
const ago = (name: string, ms: number): { name: string; answeredAt: number } => ({
  name,
  answeredAt: NOW - ms,
});
const silent = (...pulses: { name: string; answeredAt: number }[]): string[] =>
  silentServices(pulses, NOW, 500);

describe('watchdog', () => {
  it('finds the service that is silent for three seconds while others answer', () => {
    expect(silent(ago('frozen', 3_001), ago('well', 200))).toEqual(['frozen']);
  });

  it('waits for three seconds', () => {
    expect(silent(ago('slow', 3_000), ago('well', 200))).toEqual([]);
  });

  it('blames nobody when nobody answers: then it is the machine', () => {
    expect(silent(ago('a', 4_000), ago('b', 4_000))).toEqual([]);
  });

  it('finds both of two that are frozen', () => {
    expect(silent(ago('a', 4_000), ago('b', 5_000), ago('well', 0))).toEqual(['a', 'b']);
  });

  it('knows a pause of its own from the silence of others', () => {
    expect(sleptSince(NOW - 510, NOW)).toBe(false);
    expect(sleptSince(NOW - 2_500, NOW)).toBe(true);
  });
});
