import { createFakeEnvironment } from '@state-server/testing';
import { createLogger } from '../log/logger';
import { createMetrics } from './metrics';
import { createSkewMeter } from './skew-meter';

describe('a meter of clocks that disagree (L4)', () => {
  function open() {
    const lines: string[] = [];
    const environment = createFakeEnvironment();
    const metrics = createMetrics({ service: 'test', instance: 'one', ofProcess: false });
    const meter = createSkewMeter({
      metrics,
      clock: environment.clock,
      log: createLogger({
        service: 'test',
        instance: 'one',
        level: 'info',
        to: { write: (line) => void lines.push(line) },
      }),
      metric: 'test_clock_skew_seconds',
      help: 'For the test.',
      event: 'test.clock_skew',
    });
    const shown = async (): Promise<string | undefined> =>
      /^test_clock_skew_seconds\{.*\} (.*)$/m.exec((await metrics.render()).text)?.[1];
    return { environment, meter, lines, shown };
  }

  it('shows the last difference for a minute, then none', async () => {
    const { environment, meter, shown } = open();
    expect(await shown()).toBe('0');
    meter.observe(600_000);
    meter.observe(-90_000);
    await environment.advance(59_000);
    expect([await shown(), meter.seenWithin(60_000)]).toEqual(['-90', true]);
    await environment.advance(1_000);
    expect([await shown(), meter.seenWithin(60_000)]).toEqual(['0', false]);
  });

  it('logs one line in ten seconds, however often it is met', async () => {
    const { environment, meter, lines } = open();
    for (let met = 0; met < 25; met += 1) {
      meter.observe(45_000.4, { brane_id: 'b' });
      await environment.advance(1_000);
    }
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'test.clock_skew', ms: 45_000, brane_id: 'b' });
  });
});
