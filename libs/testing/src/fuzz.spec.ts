import fc from 'fast-check';
import { fuzzBudget } from './fuzz';

const place = () => ({
  testPath: '/somewhere/codec.fuzz.spec.ts',
  currentTestName: 'a codec (S5) is it’s own',
});
const CONFIG = 'libs/protocol/jest.config.cjs';

describe('a fuzz test', () => {
  const fails = (env: Record<string, string>): Error => {
    const { parameters } = fuzzBudget(fc, CONFIG, place, env);
    try {
      fc.assert(
        fc.property(fc.nat(1_000), (n) => n < 100),
        parameters(500),
      );
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error('it does not fail');
  };

  it('says the shrunk case, and how to have it again, as one command', () => {
    const { message } = fails({});
    expect(message).toContain('[\n  100\n]');
    const command = /FUZZ_SEED=(\d+) FUZZ_PATH=([\d:]+) npx jest -c (\S+) (\S+) -t '(.*)'/.exec(message);
    expect(command?.slice(3)).toEqual([CONFIG, 'codec.fuzz.spec.ts', 'a codec \\(S5\\) is it’s own']);
    const again = fails({ FUZZ_SEED: command?.[1] ?? '', FUZZ_PATH: command?.[2] ?? '' });
    expect(again.message).toContain('after 1 runs and 0 shrinks');
    expect(again.message).toContain('[\n  100\n]');
  });

  it('is the same in every plain run, and as long as it is told otherwise', () => {
    expect(fuzzBudget(fc, CONFIG, place, {}).parameters(7)).toMatchObject({ numRuns: 7, seed: 20_260_101 });
    const long = fuzzBudget(fc, CONFIG, place, { FUZZ_SECONDS: '60' });
    expect(long.timeoutMs).toBeGreaterThan(60_000);
    expect(long.parameters(7).numRuns).toBeGreaterThan(1e9);
  });

  it('is not failed by the end of its time', () => {
    const { parameters } = fuzzBudget(fc, CONFIG, place, { FUZZ_SECONDS: '0.05' });
    let runs = 0;
    fc.assert(
      fc.property(fc.nat(), () => {
        runs += 1;
      }),
      parameters(1),
    );
    expect(runs).toBeGreaterThan(1);
  });
});
