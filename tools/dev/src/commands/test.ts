import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { projectsWith, runNx } from '../nx';
import { type ProjectReport } from '../report/jest-report';
import { type TaskResult } from '../report/nx-output';
import { readNotes, readReport, REPORTS } from '../report/report-files';
import {
  closingLine,
  describeFailures,
  describeSkipped,
  describeSlowest,
  exitCodeOf,
  seconds,
  totalsOf,
} from '../report/summary';
import { selectTests, type Selection, type SpecFile } from '../report/select-tests';
import { ensureRedisServer } from '../services/redis';
import { type Terminal } from '../terminal';
import { UserError } from '../user-error';
import { ROOT } from '../workspace';

/** Runs the tests of all projects, or those that match; the last line is the sum. Answers the exit code. */
export async function test(pattern: string | undefined, terminal: Terminal): Promise<number> {
  installRedis(terminal);
  const selection = selectTests(pattern, specFiles(), await projectsWith('test'));
  rmSync(REPORTS, { recursive: true, force: true });
  const run = await runTests(selection, terminal);
  const crashed = run.results
    .filter(({ task, ok }) => !ok && !readReport(projectOf(task)))
    .map(({ task }) => task);
  const reports = selection.projects.flatMap(
    (project) => readReport(project, selection.testName !== undefined) ?? [],
  );
  printReport(reports, crashed, run.results, terminal);

  const unexplained = run.exitCode !== 0 && run.results.every((result) => result.ok);
  if (unexplained) terminal.line(run.output);
  const totals = totalsOf(reports, unexplained ? [...crashed, 'nx'] : crashed);
  if (totals.passed + totals.failed === 0)
    terminal.line(`No test ran${pattern ? ` that matches '${pattern}'` : ''}.`);
  terminal.line(closingLine(totals));
  return exitCodeOf(totals);
}

/** Without a Redis the specs that need one are skipped, by name and reason. */
function installRedis(terminal: Terminal): void {
  try {
    ensureRedisServer((line) => terminal.line(line));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    terminal.line(error.message);
  }
}

function runTests(selection: Selection, terminal: Terminal): ReturnType<typeof runNx> {
  const { projects, testFile, testName } = selection;
  const narrowed = [
    ...(testFile === undefined ? [] : [`--testFile=${testFile}`]),
    ...(testName === undefined ? [] : [`--testName=${testName}`]),
  ];
  return terminal.step(
    projects.length === 1 ? `Testing ${projects.join()}` : `Testing ${projects.length} projects`,
    (say) => {
      let left = projects.length;
      return runNx(
        ['run-many', '-t', 'test', '-p', projects.join(','), '--parallel=2', ...narrowed],
        (result) => {
          if (!result.task.endsWith(':test')) return;
          left -= 1;
          say(`Testing, ${left} projects to go`);
          terminal.line(describeProject(result, readReport(projectOf(result.task), testName !== undefined)));
        },
      );
    },
    ({ exitCode }) => exitCode === 0,
  );
}

const projectOf = (task: string): string => task.replace(/:[^:]*$/, '');

function describeProject({ task, ok, fromCache }: TaskResult, report: ProjectReport | undefined): string {
  const mark = ok ? '✔' : '✖';
  if (!report) return `  ${mark} ${projectOf(task)}: ended without a report`;
  const ms = report.suites.reduce((sum, suite) => sum + suite.ms, 0);
  const counts = closingLine(totalsOf([report], []));
  return `  ${mark} ${report.project.padEnd(22)} ${counts} (${fromCache ? 'known from before' : seconds(ms)})`;
}

function printReport(
  reports: readonly ProjectReport[],
  crashed: readonly string[],
  results: readonly TaskResult[],
  terminal: Terminal,
): void {
  terminal.line();
  for (const { task, output } of results.filter((result) => crashed.includes(result.task))) {
    terminal.line(`${task}:\n${output}\n`);
  }
  describeFailures(reports, crashed).forEach((line) => terminal.line(line));
  describeSkipped(reports).forEach((line) => terminal.line(line));
  const notes = readNotes();
  if (notes.length > 0) terminal.line('What the tests have measured:');
  notes.forEach((line) => terminal.line(line));
  terminal.line('The slowest suites, and their share of the time of all:');
  describeSlowest(reports, ROOT).forEach((line) => terminal.line(line));
  terminal.line();
}

/** Every spec of the workspace with the project it belongs to. */
function specFiles(): SpecFile[] {
  return ['apps', 'libs', 'tools']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8', withFileTypes: true }),
    )
    .filter((entry) => entry.name.endsWith('.spec.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(ROOT, path), project: projectOfFile(dirname(path)) }));
}

/** Empty for a spec that stands in no project: the test of the layout finds it. */
function projectOfFile(folder: string): string {
  const file = join(folder, 'project.json');
  if (folder === ROOT) return '';
  if (!existsSync(file)) return projectOfFile(dirname(folder));
  const project: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof project === 'object' && project && 'name' in project ? String(project.name) : '';
}
