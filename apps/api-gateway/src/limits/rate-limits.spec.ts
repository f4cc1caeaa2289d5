import { Limiter } from '@state-server/platform';
import { createFakeEnvironment } from '@state-server/testing';
import { type Quotas, RateLimits } from './rate-limits';

const few = { points: 2, seconds: 60 };
const quotas: Quotas = {
  address: { points: 3, seconds: 60 },
  auth: { points: 1, seconds: 60 },
  read: few,
  write: { points: 1, seconds: 60 },
  search: few,
  heavy: few,
  upload: few,
};

function limits(given: Partial<Quotas> = {}): RateLimits {
  const { clock, timers } = createFakeEnvironment();
  // A moment to which 60,000 ms cannot be added exactly.
  const odd = { monotonic: () => clock.monotonic() + 39_818.990422365074 };
  return new RateLimits({
    limiter: new Limiter({ clock: odd, timers }),
    quotas: { ...quotas, ...given },
    percent: { guest: 50, service: 300 },
  });
}

describe('rate limits', () => {
  it('count down in the RateLimit header and end with a refusal (REST-LIMIT-1)', () => {
    const of = limits();
    expect(of.spendOfCaller({ id: 'u1' }, 'read')).toMatchObject({
      policy: '"read";q=2;w=60',
      left: '"read";r=1;t=30',
    });
    expect(of.spendOfCaller({ id: 'u1' }, 'read')).toMatchObject({ allowed: true });
    const refused = of.spendOfCaller({ id: 'u1' }, 'read');
    expect(refused.allowed).toBe(false);
    expect(refused.left).toBe('"read";r=0;t=60');
    expect(Math.round(refused.retryMs)).toBe(30_000);
  });

  it('are kept apart by caller and by class of route (REST-LIMIT-1, LIMIT-3)', () => {
    const of = limits();
    of.spendOfCaller({ id: 'u1' }, 'write');
    expect(of.spendOfCaller({ id: 'u1' }, 'write').allowed).toBe(false);
    expect(of.spendOfCaller({ id: 'u2' }, 'write').allowed).toBe(true);
    for (const name of ['read', 'search', 'heavy', 'upload'] as const) {
      expect(of.spendOfCaller({ id: 'u1' }, name).allowed).toBe(true);
    }
  });

  it('are a share of a user’s for guests, and another for service keys (LIMIT-3)', () => {
    const of = limits({ read: { points: 10, seconds: 60 } });
    const policy = (kind: 'user' | 'guest' | 'service'): unknown =>
      of.spendOfCaller({ kind, id: kind }, 'read').policy;
    expect(policy('user')).toBe('"read";q=10;w=60');
    expect(policy('guest')).toBe('"read";q=5;w=60');
    expect(policy('service')).toBe('"read";q=30;w=60');
  });

  it('of an address hold for all of its /64, and apart from others (LIMIT-3)', () => {
    const of = limits();
    for (const last of [1, 2, 3]) expect(of.spendOfAddress(`2001:db8::${last}`).allowed).toBe(true);
    expect(of.spendOfAddress('2001:db8:0:0:ffff::1').allowed).toBe(false);
    expect(of.spendOfAddress('2001:db8:0:1::1').allowed).toBe(true);
    expect(of.spendOfAuth('192.0.2.1').allowed).toBe(true);
    expect(of.spendOfAuth('::ffff:192.0.2.1').allowed).toBe(false);
  });
});
