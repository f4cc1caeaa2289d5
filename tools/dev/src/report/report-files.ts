import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workspace';
import { type ProjectReport, readJestReport } from './jest-report';

export const REPORTS = join(ROOT, 'dist/test-reports');

export const reportFile = (project: string): string => join(REPORTS, `${project}.json`);

/** The report of a project's last run, or undefined when it ended without writing one. */
export function readReport(project: string, byName = false): ProjectReport | undefined {
  const file = reportFile(project);
  if (!existsSync(file)) return undefined;
  return readJestReport(project, JSON.parse(readFileSync(file, 'utf8')), byName);
}

/** Lines that specs have left for people beside their results, in `<project>.notes.txt`: what a fault cost, say. */
export function readNotes(): string[] {
  if (!existsSync(REPORTS)) return [];
  return readdirSync(REPORTS)
    .filter((name) => name.endsWith('.notes.txt'))
    .flatMap((name) => readFileSync(join(REPORTS, name), 'utf8').trimEnd().split('\n'));
}
