import { stripVTControlCharacters } from 'node:util';

export interface Failure {
  /** Full name of the test, or the file of a suite that could not run at all. */
  readonly name: string;
  readonly message: string;
}

/** What Jest's JSON report says about one project, reduced to what is summed and shown. */
export interface ProjectReport {
  readonly project: string;
  readonly passed: number;
  readonly failures: readonly Failure[];
  /** Full names; a spec that is skipped says why in its name. */
  readonly skipped: readonly string[];
  readonly suites: readonly { readonly file: string; readonly ms: number }[];
}

interface JestTest {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages?: readonly string[];
}

interface JestSuite {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly assertionResults: readonly JestTest[];
}

const NOT_RUN = new Set(['pending', 'skipped', 'todo', 'disabled']);

const isSuites = (value: unknown): value is readonly JestSuite[] => Array.isArray(value);

/**
 * @param byName whether the run was narrowed to tests of some name: then Jest reports all others as pending,
 *   and they are not skipped but not asked for
 */
export function readJestReport(project: string, report: unknown, byName = false): ProjectReport {
  const suites =
    typeof report === 'object' && report && 'testResults' in report ? report.testResults : undefined;
  if (!isSuites(suites)) throw new Error(`the test report of ${project} has no testResults`);
  const tests = suites.flatMap((suite) => suite.assertionResults);
  return {
    project,
    passed: tests.filter((test) => test.status === 'passed').length,
    failures: suites.flatMap(failuresOf),
    skipped: byName
      ? []
      : tests.filter((test) => NOT_RUN.has(test.status)).map((test) => test.fullName.trim()),
    suites: suites.map(({ name, startTime, endTime }) => ({ file: name, ms: endTime - startTime })),
  };
}

function failuresOf(suite: JestSuite): Failure[] {
  const failed = suite.assertionResults
    .filter((test) => test.status === 'failed')
    .map((test) => ({ name: test.fullName.trim(), message: plain((test.failureMessages ?? []).join('\n')) }));
  const couldNotRun = suite.status === 'failed' && failed.length === 0;
  return couldNotRun ? [{ name: suite.name, message: plain(suite.message) }] : failed;
}

const plain = (text: string): string => stripVTControlCharacters(text).trim();
