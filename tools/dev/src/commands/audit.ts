import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Terminal } from '../terminal';
import { ROOT } from '../workspace';
import { advisoriesIn, noted, withAdvisories } from './audit-section';

const PAGE = join(ROOT, 'docs/spec/security.md');
const ASK_MS = 120_000;

/**
 * Writes what `npm audit` says of the packages of production into docs/spec/security.md. Where the registry does not answer
 * it the page stays as it is, and that is said. Answers 1 when an advisory of severity high or critical has no note.
 */
export function audit(terminal: Pick<Terminal, 'line'>): number {
  const asked = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: ASK_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  const advisories = advisoriesIn(parse(asked.stdout));
  if (!advisories) {
    terminal.line('npm audit: SKIPPED, the registry does not answer it; docs/spec/security.md is as it was.');
    return 0;
  }
  const page = withAdvisories(readFileSync(PAGE, 'utf8'), advisories, new Date().toISOString().slice(0, 10));
  writeFileSync(PAGE, page);
  terminal.line(`npm audit: ${advisories.length} advisories, written to docs/spec/security.md.`);
  const bare = noted(page).filter(({ severity, note }) => /^(high|critical)$/.test(severity) && note === '');
  for (const row of bare) terminal.line(`  ${row.package}: ${row.advisory} (${row.severity}) has no note`);
  return bare.length === 0 ? 0 : 1;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
