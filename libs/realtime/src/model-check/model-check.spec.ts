import { type Exploration, explore } from './explore.spec-support';
import type { Mutation } from './heart-model.spec-support';

const CRASH = { crashes: 1, breaks: 0 };
const BREAK = { crashes: 0, breaks: 1 };
const LIMIT_MS = 120_000;

describe('the heart of the engine, in every order in which it can happen', () => {
  it.each([
    ['a gateway crashes once, anywhere', CRASH, 40_000],
    ['a connection breaks once, anywhere, and what was sent is sent again elsewhere', BREAK, 100_000],
  ])(
    'shows no hole, no double, nothing that is not durable, and comes to rest with everybody having everything: %s (MODEL-1, R1, R4, R5, I1)',
    (what, harm, least) => {
      const found = explore(harm);
      process.stdout.write(
        `${what}: ${found.states} states, ${found.steps} steps, ${found.interleavings} interleavings\n`,
      );
      expect(found.counterexample).toBeUndefined();
      // A model in which little can happen proves little.
      expect(found.states).toBeGreaterThan(least);
    },
    LIMIT_MS,
  );

  it.each<readonly [Mutation, RegExp, string]>([
    ['publish before commit', /^client \d saw op \d at \d, which is not durable$/, 'publish early'],
    ['skip the gap check', /^client \d saw \d after \d$/, 'publish'],
    ['subscribe after read', /^nothing was lost, and somebody waits$/, 'subscribe'],
    ['ack before durable', /^op \d was acknowledged and is not durable$/, 'submit'],
  ])(
    'does not when a rule is broken: %s (MODEL-2)',
    (mutation, fault, last) => {
      const { counterexample }: Exploration = explore(CRASH, mutation);
      expect(counterexample?.fault).toMatch(fault);
      expect(counterexample?.trace.at(-1)?.do).toBe(last);
    },
    LIMIT_MS,
  );
});
