import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one route or frame answers to each role. */
export interface RightsRow {
  readonly id: string;
  /** The columns before those of the roles: what it does, which scope it takes. */
  readonly does: string;
  readonly scope: string;
  /** By role, as it stands in the document: a status, or a code. */
  readonly answers: Readonly<Record<string, string>>;
}

export interface RightsTable {
  readonly roles: readonly string[];
  readonly rows: readonly RightsRow[];
}

const DOCUMENT = join(__dirname, '../../../docs/spec/authorisation.md');

/**
 * A table of docs/spec/authorisation.md, the one after the comment `<!-- table: name -->`: the first three columns are id, what
 * it does, and scope; each further column is a role. Throws for a row that is too short, too long or there twice.
 */
export function readRightsTable(name: string): RightsTable {
  const [, after] = readFileSync(DOCUMENT, 'utf8').split(`<!-- table: ${name} -->`);
  const lines = (after ?? '').split('\n');
  const from = lines.findIndex((line) => line.startsWith('|'));
  const length = lines.slice(from).findIndex((line) => !line.startsWith('|'));
  const cells = lines.slice(from, length < 0 ? undefined : from + length).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
  const [head, , ...body] = cells;
  if (from < 0 || !head) throw new Error(`docs/spec/authorisation.md has no table ${name}`);
  const roles = head.slice(3);
  const seen = new Set<string>();
  const rows = body.map((row): RightsRow => {
    const [id = '', does = '', scope = '', ...answers] = row;
    if (answers.length !== roles.length) throw new Error(`the row ${id} has not one answer for each role`);
    if (seen.has(id)) throw new Error(`the row ${id} is there twice`);
    seen.add(id);
    return { id, does, scope, answers: Object.fromEntries(roles.map((role, n) => [role, answers[n] ?? ''])) };
  });
  return { roles, rows };
}

/** A row as it would stand there, for whoever has to write one. */
export function formatRightsRow({ id, does, scope, answers }: RightsRow): string {
  return `| ${[`\`${id}\``, does, scope, ...Object.values(answers)].join(' | ')} |`;
}
