import { createFakeEnvironment } from '@state-server/testing';
import { DeadlineError, withDeadline } from './deadline';

describe('work with a deadline', () => {
  it('answers what it answers, and leaves no timer behind', async () => {
    const environment = createFakeEnvironment();
    const { timers } = environment;
    await expect(withDeadline(Promise.resolve(7), 10, 'work', timers)).resolves.toBe(7);
    await expect(withDeadline(Promise.reject(new Error('no')), 10, 'work', timers)).rejects.toThrow('no');
    expect(environment.pendingTimers).toBe(0);
  });

  it('is given up after it, is told so, and may fail late unheard', async () => {
    const environment = createFakeEnvironment();
    let signal: AbortSignal | undefined;
    let failLate = (_error: Error): void => undefined;
    const work = withDeadline(
      (given) => {
        signal = given;
        return new Promise<never>((_resolve, reject) => (failLate = reject));
      },
      100,
      'jwks.fetch',
      environment.timers,
    );
    const outcome = work.catch((error: unknown) => error);
    await environment.advance(99);
    expect(signal?.aborted).toBe(false);
    await environment.advance(1);
    expect(await outcome).toEqual(new DeadlineError('jwks.fetch', 100));
    expect(signal?.aborted).toBe(true);
    failLate(new Error('late'));
    await environment.settle();
    expect(environment.pendingTimers).toBe(0);
  });
});
