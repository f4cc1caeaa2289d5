import { RateLimits, addressKey } from './rate-limits';

describe('rate limits', () => {
  const quotas = {
    address: { points: 3, seconds: 60 },
    auth: { points: 1, seconds: 60 },
    read: { points: 2, seconds: 60 },
    write: { points: 1, seconds: 60 },
  };

  it('count down in the RateLimit header and end with a refusal (REST-LIMIT-1)', async () => {
    // A moment to which 60,000 ms cannot be added exactly.
    const limits = new RateLimits(quotas, () => 39_818.990422365074);
    expect(limits.spend('read', 'u1').headers).toEqual({
      'RateLimit-Policy': '"read";q=2;w=60',
      RateLimit: '"read";r=1;t=60',
    });
    expect(limits.spend('read', 'u1')).toMatchObject({ allowed: true });
    const refused = limits.spend('read', 'u1');
    expect(refused.allowed).toBe(false);
    expect(refused.headers.RateLimit).toMatch(/^"read";r=0;t=\d+$/);
    expect(refused.resetMs).toBeGreaterThan(0);
  });

  it('are kept apart by user and by class of route (REST-LIMIT-1)', async () => {
    const limits = new RateLimits(quotas);
    limits.spend('write', 'u1');
    expect(limits.spend('write', 'u1').allowed).toBe(false);
    expect(limits.spend('write', 'u2').allowed).toBe(true);
    expect(limits.spend('read', 'u1').allowed).toBe(true);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:DB8::5', '2001:db8:0:0::/64'],
    ['2001:db8:0:0001::9', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('file the address %s under %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
