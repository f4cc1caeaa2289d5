/** One row of a table of rules: what one page says of one id. */
export interface RuleRow {
  readonly id: string;
  readonly rule: string;
  /** File name of the page, such as `store.md`. */
  readonly page: string;
  /** Test files that the row names, as it names them: the end of a path. */
  readonly named: readonly string[];
  /** `planned`: promised for a later release; nothing may claim to prove it yet. */
  readonly state: 'built' | 'planned';
}

/** Letters, parts of a name and a number: `L1`, `STORE-12`, `REST-ONCE-3`. */
export const ID = /^[A-Z]+(?:-[A-Z]+)*-?\d+$/;

/** Cells of a row of a Markdown table; undefined for any other line. `\|` is a bar inside a cell. */
function cells(line: string): string[] | undefined {
  const text = line.trim();
  if (!text.startsWith('|') || !text.endsWith('|')) return undefined;
  return text
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

const isRule = (row: readonly string[]): boolean => row.every((cell) => /^:?-{3,}:?$/.test(cell));

/** Names of TypeScript files among what stands in backticks. */
const filesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+\.ts)`/g)].map(([, name = '']) => name);

function ruleRow(page: string, row: readonly string[]): RuleRow[] {
  const [first = '', rule = '', proof = ''] = row;
  return first.split(',').map((id) => ({
    id: id.trim(),
    rule,
    page,
    named: filesIn(proof),
    state: /^planned\b/.test(proof) ? 'planned' : 'built',
  }));
}

/**
 * The rules of a page: rows of every table whose first column is headed `id`. The second column says the rule, the third what
 * proves it. Several ids may share a row, with commas between. Text outside of such tables is not looked at.
 */
export function ruleRows(page: string, markdown: string): RuleRow[] {
  const rows: RuleRow[] = [];
  let head: readonly string[] | undefined;
  for (const line of markdown.split('\n')) {
    const row = cells(line);
    if (row === undefined) head = undefined;
    else if (head === undefined) head = row;
    else if (head[0] === 'id' && !isRule(row)) rows.push(...ruleRow(page, row));
  }
  return rows;
}
