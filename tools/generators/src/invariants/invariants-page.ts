import { type Invariants, SHARED_RULES } from './invariants';

const number = (id: string): number => Number(/\d+$/.exec(id)?.[0] ?? 0);
const family = (id: string): string => id.replace(/-?\d+$/, '');

/** Links of the pages of docs/spec to one another, seen from docs/generated. */
const moved = (rule: string): string => rule.replace(/\]\((?!\.\.|https?:)/g, '](../spec/');

/** A list, not a table: a change of one id is a change of its lines alone. */
function section(title: string, paragraphs: readonly string[]): string {
  return `## ${title}\n\n${paragraphs.join('\n\n')}\n`;
}

/** Every id with its rule and the tests that cite it, as Markdown; what is planned stands by itself. */
export function invariantsPage({ rows, tests }: Invariants): string {
  const first = new Map([...rows].reverse().map((row) => [row.id, row]));
  for (const row of rows) if (row.page === SHARED_RULES) first.set(row.id, row);
  const defined = [...first.values()].sort(
    (a, b) => family(a.id).localeCompare(family(b.id), 'en') || number(a.id) - number(b.id),
  );
  const built = defined.filter(({ state }) => state === 'built');
  const planned = defined.filter(({ state }) => state === 'planned');
  const paragraph = ({ id, rule, page }: (typeof defined)[number]): string =>
    `**${id}** ([${page.replace(/\.md$/, '')}](../spec/${page})) ${moved(rule)}`;
  const citing = (id: string): string =>
    tests
      .filter((test) => test.ids.includes(id))
      .map(({ path }) => `- \`${path}\``)
      .join('\n');
  return [
    '# Invariants and their tests',
    'Generated from the tables of `docs/spec` and the names of the tests; do not edit.\n',
    ...[...new Set(built.map(({ id }) => family(id)))].map((name) =>
      section(
        name,
        built.filter(({ id }) => family(id) === name).map((row) => `${paragraph(row)}\n\n${citing(row.id)}`),
      ),
    ),
    section('Planned', [
      'Rules of later releases: nothing of them is built, and no test may cite them.',
      ...planned.map(paragraph),
    ]),
  ].join('\n\n');
}
