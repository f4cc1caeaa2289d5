import type { SharedDebts, Spending } from '@state-server/limits-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { Limiter, type LimiterOptions } from './limiter';

/** What Redis does, without one; `away` makes it refuse. */
class Ledger implements SharedDebts {
  away = false;
  calls = 0;
  private readonly paidAt = new Map<string, number>();

  constructor(private readonly environment: FakeEnvironment) {}

  async add(spendings: readonly Spending[]): Promise<readonly number[]> {
    this.calls += 1;
    await Promise.resolve();
    if (this.away) throw new Error('away');
    const now = this.environment.clock.monotonic();
    return spendings.map(({ key, addMs }) => {
      const debt = Math.max(0, (this.paidAt.get(key) ?? 0) - now) + addMs;
      this.paidAt.set(key, now + debt);
      return debt;
    });
  }

  /** As after a restart. */
  forget(): void {
    this.paidAt.clear();
  }

  close(): void {}
}

describe('a limiter', () => {
  let environment: FakeEnvironment;
  let ledger: Ledger;
  const limiter = (options: Partial<LimiterOptions> = {}): Limiter =>
    new Limiter({ clock: environment.clock, timers: environment.timers, shared: ledger, ...options });
  beforeEach(() => {
    environment = createFakeEnvironment();
    ledger = new Ledger(environment);
  });

  const TEN = { points: 10, seconds: 100 };

  it('answers at once and asks nobody; the others hear of it behind its back (LIMIT-2)', async () => {
    const quota = limiter().quota('read', { points: 1_000, seconds: 100 });
    for (let count = 0; count < 100; count += 1) quota.take('u');
    expect(ledger.calls).toBe(0);
    await environment.advance(250);
    expect(ledger.calls).toBe(1);
    await environment.advance(10_000);
    expect(ledger.calls).toBe(1);
    expect(environment.pendingTimers).toBe(0);
  });

  it('tells at once of whoever has taken an eighth of his points, so that the others know (LIMIT-2)', async () => {
    const [one, two] = [limiter().quota('read', TEN), limiter().quota('read', TEN)];
    let allowed = 0;
    for (let count = 0; count < 40; count += 1) {
      if ((count % 2 === 0 ? one : two).take('u').allowed) allowed += 1;
      await environment.settle();
    }
    expect(allowed).toBeGreaterThanOrEqual(TEN.points);
    expect(allowed).toBeLessThanOrEqual(TEN.points + 2);
  });

  it('lets no more through than both together may, over any time (LIMIT-2)', async () => {
    const quota = { points: 80, seconds: 8 };
    const both = [limiter().quota('read', quota), limiter().quota('read', quota)];
    let allowed = 0;
    for (let step = 0; step < 400; step += 1) {
      for (const one of both) if (one.take('u').allowed) allowed += 1;
      await environment.advance(50);
    }
    const fair = quota.points + (20_000 / 8_000) * quota.points;
    expect(allowed).toBeGreaterThan(fair * 0.9);
    expect(allowed).toBeLessThanOrEqual(fair + quota.points / 8 + 2);
  });

  it('goes on alone with the whole quota, and says so once; then what is still owed is told (LIMIT-4)', async () => {
    const said: unknown[] = [];
    const one = limiter({ onShared: (together) => said.push(together) }).quota('read', TEN);
    ledger.away = true;
    const take = async (): Promise<boolean> => {
      const { allowed } = one.take('u');
      await environment.settle();
      return allowed;
    };
    for (let count = 0; count < 10; count += 1) expect(await take()).toBe(true);
    expect(await take()).toBe(false);
    await environment.advance(20_000);
    expect([await take(), await take(), await take()]).toEqual([true, true, false]);
    ledger.away = false;
    await environment.advance(2_000);
    expect(said).toEqual([false, true]);
    expect((await ledger.add([{ key: 'read:u', addMs: 0, windowMs: 1e5 }]))[0]).toBeGreaterThan(90_000);
  });

  it('asks a Redis that is away once a second, not with each request (LIMIT-4)', async () => {
    ledger.away = true;
    const quota = limiter().quota('read', { points: 2, seconds: 1 });
    for (let count = 0; count < 100; count += 1) {
      quota.take('u');
      await environment.advance(50);
    }
    expect(ledger.calls).toBeLessThanOrEqual(7);
  });

  it('makes nobody free of what he took here when Redis comes back empty (LIMIT-4)', async () => {
    const one = limiter().quota('read', TEN);
    for (let count = 0; count < 9; count += 1) one.take('u');
    await environment.settle();
    ledger.forget();
    expect(one.take('u').allowed).toBe(true);
    await environment.settle();
    expect(one.take('u').allowed).toBe(false);
  });

  it('remembers so many callers and no more, also while nobody can be told (LIMIT-5)', async () => {
    const whole = limiter({ maxBuckets: 100 });
    const quota = whole.quota('read', { points: 2, seconds: 60 });
    ledger.away = true;
    for (let count = 0; count < 5_000; count += 1) {
      quota.take(`u${count}`);
      if (count % 1_000 === 0) await environment.advance(1_000);
    }
    expect(whole.size).toBe(100);
    expect(Reflect.get(whole, 'listed')).toHaveProperty('length', 100);
    quota.take('u4999');
    expect(quota.take('u4999').allowed).toBe(false);
  });
});
