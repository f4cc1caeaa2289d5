import { type ProjectReport } from './jest-report';

const MESSAGE_LINES = 30;

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * @param crashed tasks (a project's tests, the build of an app) that ended without a report; each counts as one
 *   failure, for nobody knows what in it would have failed
 */
export function totalsOf(reports: readonly ProjectReport[], crashed: readonly string[]): Totals {
  const sum = (count: (report: ProjectReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0);
  return {
    passed: sum((report) => report.passed),
    failed: sum((report) => report.failures.length) + crashed.length,
    skipped: sum((report) => report.skipped.length),
  };
}

/** The last line of a test run, alone on its line: `N passed, N failed[, N skipped]`. */
export function closingLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** A run that proves nothing is not a success: some test must have run. */
export const exitCodeOf = ({ passed, failed }: Totals): number => (failed > 0 || passed === 0 ? 1 : 0);

export function describeFailures(reports: readonly ProjectReport[], crashed: readonly string[]): string[] {
  return [
    ...reports.flatMap(({ project, failures }) =>
      failures.flatMap(({ name, message }) => [`✖ ${project}: ${name}`, indent(shortened(message)), '']),
    ),
    ...crashed.map((task) => `✖ ${task} ended without a report (its output is above)`),
  ];
}

/** A skipped test says in its name why it is: whoever reads the sum shall see what it does not prove. */
export function describeSkipped(reports: readonly ProjectReport[]): string[] {
  const lines = reports.flatMap(({ project, skipped }) =>
    skipped.map((name) => `  skipped: ${project}: ${name}`),
  );
  return lines.length === 0 ? [] : [`NOT proven by this run, for ${lines.length} skipped:`, ...lines];
}

/** The slowest suites, each with its share of the time that all suites took together. */
export function describeSlowest(reports: readonly ProjectReport[], root: string, count = 5): string[] {
  const suites = reports.flatMap((report) => report.suites);
  const total = suites.reduce((sum, suite) => sum + suite.ms, 0);
  return [...suites]
    .sort((a, b) => b.ms - a.ms)
    .slice(0, count)
    .map(({ file, ms }) => {
      const share = total === 0 ? 0 : Math.round((100 * ms) / total);
      return `  ${seconds(ms).padStart(8)}  ${String(share).padStart(3)} %  ${file.replace(`${root}/`, '')}`;
    });
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What was expected and where; the report file has all of the stack. */
const shortened = (message: string): string => message.split('\n').slice(0, MESSAGE_LINES).join('\n');

const indent = (text: string): string => text.replace(/^/gm, '    ');
