import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workspace';
import { type ProjectReport, readJestReport } from './jest-report';

export const reportFile = (project: string): string => join(ROOT, 'dist/test-reports', `${project}.json`);

/** The report of a project's last run, or undefined when it ended without writing one. */
export function readReport(project: string): ProjectReport | undefined {
  const file = reportFile(project);
  if (!existsSync(file)) return undefined;
  return readJestReport(project, JSON.parse(readFileSync(file, 'utf8')));
}
