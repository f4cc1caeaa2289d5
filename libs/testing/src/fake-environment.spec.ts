import { createFakeEnvironment } from './fake-environment';

describe('fake environment', () => {
  it('runs timers in due order and moves both clocks to each', async () => {
    const environment = createFakeEnvironment({ start: 1_000 });
    const seen: string[] = [];
    environment.timers.set(20, () => seen.push(`late ${environment.clock.monotonic()}`));
    environment.timers.set(10, () => {
      seen.push(`early ${environment.clock.now()}`);
      environment.timers.set(5, () => seen.push(`nested ${environment.clock.monotonic()}`));
    });
    await environment.advance(30);
    expect(seen).toEqual(['early 1010', 'nested 15', 'late 20']);
    expect(environment.clock.now()).toBe(1_030);
    expect(environment.pendingTimers).toBe(0);
  });

  it('does not run a cleared timer, and leaves what is not due', async () => {
    const environment = createFakeEnvironment();
    const seen: number[] = [];
    environment.timers.clear(environment.timers.set(1, () => seen.push(1)));
    environment.timers.set(100, () => seen.push(100));
    await environment.advance(99);
    expect(seen).toEqual([]);
    expect(environment.pendingTimers).toBe(1);
  });

  it('jumps the wall clock alone', () => {
    const environment = createFakeEnvironment({ start: 0 });
    environment.jump(-5_000);
    expect(environment.clock.now()).toBe(-5_000);
    expect(environment.clock.monotonic()).toBe(0);
  });

  it('gives the same ids for the same seed, and UUIDs v4 at that', () => {
    const first = createFakeEnvironment({ seed: 7 }).ids.uuid();
    expect(createFakeEnvironment({ seed: 7 }).ids.uuid()).toBe(first);
    expect(createFakeEnvironment({ seed: 8 }).ids.uuid()).not.toBe(first);
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
