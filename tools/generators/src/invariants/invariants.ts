import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ID, ruleRows, type RuleRow } from './spec-pages';
import { citedIds, testNames } from './test-names';

/** What is promised, and which test files cite it. */
export interface Invariants {
  readonly rows: readonly RuleRow[];
  /** Test files and the ids that their tests cite; paths from the workspace's root, in order. */
  readonly tests: readonly { readonly path: string; readonly ids: readonly string[] }[];
}

const PAGES = 'docs/spec';
const SOURCES = ['apps', 'libs', 'tools'];
const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', 'dist', 'fixtures']);

/** The page of the rules that other pages carry on: the same id may have a row of its own there. */
export const SHARED_RULES = 'sync.md';

/** Reads the pages of docs/spec and the names of all tests of the workspace. */
export function readInvariants(root: string): Invariants {
  const pages = readdirSync(join(root, PAGES)).filter((file) => file.endsWith('.md'));
  const paths = SOURCES.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    typescript(root, folder),
  );
  return {
    rows: pages.sort().flatMap((page) => ruleRows(page, readFileSync(join(root, PAGES, page), 'utf8'))),
    tests: paths.sort().flatMap((path) => {
      const names = testNames(readFileSync(join(root, path), 'utf8'));
      return names.length > 0 ? [{ path, ids: [...new Set(names.flatMap(citedIds))] }] : [];
    }),
  };
}

function typescript(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : typescript(root, path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

/** Everything that keeps the pages from being true, in words; empty when all is well. */
export function problems(found: Invariants): string[] {
  const defined = new Map(found.rows.map((row) => [row.id, row]));
  const cited = new Set(found.tests.flatMap(({ ids }) => ids));
  return [
    ...found.rows
      .filter(({ id }) => !ID.test(id))
      .map(({ id, page }) => `${page}: “${id}” is no id (L1, STORE-12)`),
    ...twice(found.rows),
    ...[...defined.values()].flatMap(({ id, state, page }) => {
      if (state === 'planned')
        return cited.has(id) ? [`${id} is planned (${page}), but a test cites it`] : [];
      return cited.has(id) ? [] : [`${id} (${page}) is cited by no test`];
    }),
    ...found.tests.flatMap(({ path, ids }) =>
      ids.filter((id) => !defined.has(id)).map((id) => `${path} cites ${id}, which no page defines`),
    ),
    ...found.rows.flatMap((row) => proofProblems(row, found.tests)),
  ];
}

function twice(rows: readonly RuleRow[]): string[] {
  const found: string[] = [];
  const pages = new Map<string, string[]>();
  for (const { id, page } of rows) pages.set(id, [...(pages.get(id) ?? []), page]);
  for (const [id, where] of pages) {
    if (new Set(where).size < where.length)
      found.push(`${id} has two rows in one page (${where.join(', ')})`);
    else if (where.length > 1 && !where.includes(SHARED_RULES)) {
      found.push(
        `${id} is defined twice (${where.join(', ')}); only rules of ${SHARED_RULES} are carried on elsewhere`,
      );
    }
  }
  return found;
}

function proofProblems(row: RuleRow, tests: Invariants['tests']): string[] {
  const where = `${row.id} (${row.page})`;
  if (row.state === 'planned') return [];
  if (row.named.length === 0) return [`${where} names no test file`];
  return row.named.flatMap((name) => {
    const matching = tests.filter(({ path }) => path === name || path.endsWith(`/${name}`));
    const [only, other] = matching;
    if (!only) return [`${where} names ${name}, which is no test file`];
    if (other)
      return [`${where} names ${name}, which may be ${matching.map(({ path }) => path).join(' or ')}`];
    return only.ids.includes(row.id) ? [] : [`${where} names ${only.path}, where no test cites it`];
  });
}
