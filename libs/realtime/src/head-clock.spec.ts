import { createFakeEnvironment } from '@state-server/testing';
import { HeadClock } from './head-clock';

const LIMITS = { heads_ms: 60_000, writer_announces_ms: 10_000, writer_silence_ms: 2_500 };

describe('when a head has to be read (R5)', () => {
  it('is every minute for a quiet brane', async () => {
    const environment = createFakeEnvironment();
    const clock = new HeadClock(environment.clock, LIMITS);
    await environment.advance(59_999);
    expect(clock.isDue()).toBe(false);
    await environment.advance(1);
    expect(clock.isDue()).toBe(true);
    clock.read();
    expect(clock.isDue()).toBe(false);
  });

  it('is when a writer falls silent that should still announce its head', async () => {
    const environment = createFakeEnvironment();
    const clock = new HeadClock(environment.clock, LIMITS);
    clock.heard(true);
    await environment.advance(2_000);
    clock.heard(false);
    await environment.advance(2_499);
    expect(clock.isDue()).toBe(false);
    await environment.advance(1);
    expect(clock.isDue()).toBe(true);
  });

  it('is not when the writer has nothing to announce any more', async () => {
    const environment = createFakeEnvironment();
    const clock = new HeadClock(environment.clock, LIMITS);
    clock.heard(true);
    for (let second = 0; second < 10; second += 1) {
      await environment.advance(1_000);
      clock.heard(false);
    }
    await environment.advance(20_000);
    expect(clock.isDue()).toBe(false);
  });
});
