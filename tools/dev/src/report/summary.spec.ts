import { readJestReport } from './jest-report';
import {
  closingLine,
  describeFailures,
  describeSkipped,
  describeSlowest,
  exitCodeOf,
  totalsOf,
} from './summary';

const suite = (name: string, assertionResults: object[], rest: object = {}): object => ({
  name,
  status: 'passed',
  message: '',
  startTime: 1_000,
  endTime: 2_000,
  assertionResults,
  ...rest,
});
const passed = { fullName: 'adds', status: 'passed' };
const failed = {
  fullName: 'subtracts',
  status: 'failed',
  failureMessages: ['\u001b[31mexpected 1\u001b[39m'],
};
const skipped = { fullName: 'the bus over Redis (no redis-server is installed)', status: 'pending' };
const broken = suite('/w/broken.spec.ts', [], { status: 'failed', message: 'Cannot find module x' });

const report = (suites: object[]): ReturnType<typeof readJestReport> =>
  readJestReport('sums', { testResults: suites });

describe('sum of the test reports', () => {
  it('ends with the one line that tools read', () => {
    expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(closingLine({ passed: 12, failed: 1, skipped: 2 })).toBe('12 passed, 1 failed, 2 skipped');
  });

  it('adds up all projects', () => {
    const reports = [report([suite('a', [passed, passed, skipped])]), report([suite('b', [passed, failed])])];
    expect(totalsOf(reports, [])).toEqual({ passed: 3, failed: 1, skipped: 1 });
  });

  it('counts a suite that could not run, and a project that wrote no report, as failures', () => {
    expect(totalsOf([report([broken])], ['lost'])).toEqual({ passed: 0, failed: 2, skipped: 0 });
    expect(describeFailures([report([broken])], ['lost']).join('\n')).toMatch(/Cannot find module x[^]*lost/);
  });

  it('fails when a test failed, and when none ran', () => {
    expect(exitCodeOf({ passed: 5, failed: 0, skipped: 1 })).toBe(0);
    expect(exitCodeOf({ passed: 5, failed: 1, skipped: 0 })).toBe(1);
    expect(exitCodeOf({ passed: 0, failed: 0, skipped: 3 })).toBe(1);
  });

  it('names what was skipped with its reason', () => {
    expect(describeSkipped([report([suite('a', [passed])])])).toEqual([]);
    expect(describeSkipped([report([suite('a', [skipped])])])).toEqual([
      'NOT proven by this run, for 1 skipped:',
      '  skipped: sums: the bus over Redis (no redis-server is installed)',
    ]);
  });

  it('does not call skipped what a run by name did not ask for', () => {
    const narrowed = readJestReport('sums', { testResults: [suite('a', [passed, skipped])] }, true);
    expect(totalsOf([narrowed], [])).toEqual({ passed: 1, failed: 0, skipped: 0 });
  });

  it('shows failures without the colours of a terminal', () => {
    expect(describeFailures([report([suite('a', [failed])])], [])).toContain('    expected 1');
  });

  it('names the slowest suites with their share of the time', () => {
    const slow = suite('/w/slow.spec.ts', [passed], { startTime: 0, endTime: 3_000 });
    expect(describeSlowest([report([suite('/w/quick.spec.ts', [passed]), slow])], '/w')).toEqual([
      '     3.0 s   75 %  slow.spec.ts',
      '     1.0 s   25 %  quick.spec.ts',
    ]);
  });

  it('refuses a file that is no report', () => {
    expect(() => readJestReport('sums', {})).toThrow(/sums has no testResults/);
  });
});
