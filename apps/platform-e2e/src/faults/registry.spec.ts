import { FAULTS, mayBegin } from './registry';
import { type Fault } from './support/fault';

const fault = (...touches: string[]): Fault => ({
  name: touches.join(),
  touches,
  run: () => Promise.resolve(),
});

describe('faults of the torture', () => {
  it('have names of their own, and take hold of something', () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
    for (const { touches } of FAULTS) expect(touches.length).toBeGreaterThan(0);
  });

  it('are done together unless they take hold of the same thing; some are done alone', () => {
    expect(mayBegin(fault('auth'), [fault('redis'), fault('sync-gateway-1')])).toBe(true);
    expect(mayBegin(fault('auth', 'redis'), [fault('redis')])).toBe(false);
    expect(mayBegin(fault('everything'), [])).toBe(true);
    expect(mayBegin(fault('everything'), [fault('redis')])).toBe(false);
    expect(mayBegin(fault('redis'), [fault('everything')])).toBe(false);
  });
});
