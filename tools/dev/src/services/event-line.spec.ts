import { eventLine } from './event-line';

describe('what a person reads about a service', () => {
  const ended = (signal: NodeJS.Signals | null) =>
    eventLine({
      kind: 'ended',
      name: 'auth',
      restartInMs: 500,
      exit: { code: signal ? null : 1, signal, ranMs: 10, words: '' },
    });

  it('says how it ended and when it comes back', () => {
    expect(ended(null)).toBe('✖ auth ended (exit code 1); restarting it in 0.5 s');
    expect(ended('SIGKILL')).toBe('✖ auth ended (signal SIGKILL); restarting it in 0.5 s');
  });

  it('points to the check of the store where a damaged file is the likely cause (STORE-18)', () => {
    expect(ended('SIGBUS')).toContain('./dev store check');
    expect(ended('SIGSEGV')).toContain('./dev store check');
  });
});
