import { createFakeEnvironment } from '@state-server/testing';
import { TokenBucket } from './token-bucket';

describe('token bucket', () => {
  it('lets a burst through, then says how long to wait', async () => {
    const environment = createFakeEnvironment();
    const bucket = new TokenBucket(environment.clock, 10, 3);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0]);
    expect(bucket.take()).toBe(100);
    await environment.advance(100);
    expect(bucket.take()).toBe(0);
    expect(bucket.take()).toBe(100);
  });

  it('never saves up more than the burst', async () => {
    const environment = createFakeEnvironment();
    const bucket = new TokenBucket(environment.clock, 10, 2);
    await environment.advance(60_000);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 100]);
  });

  it('sells what costs more than the burst for the whole burst', () => {
    const bucket = new TokenBucket(createFakeEnvironment().clock, 10, 4);
    expect(bucket.take(100)).toBe(0);
    expect(bucket.take()).toBeGreaterThan(0);
  });
});
