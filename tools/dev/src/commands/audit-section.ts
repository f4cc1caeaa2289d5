/** One row: an advisory that npm knows of an installed package. */
export interface Advisory {
  readonly package: string;
  readonly severity: string;
  /** Its address, or what npm calls it. */
  readonly advisory: string;
}

export const BEGIN = '<!-- npm audit: begin -->';
export const END = '<!-- npm audit: end -->';

/** What `npm audit --json` found; undefined when it is no result: the registry did not answer. */
export function advisoriesIn(report: unknown): readonly Advisory[] | undefined {
  const found = fieldOf(report, 'vulnerabilities');
  if (typeof found !== 'object' || found === null) return undefined;
  const rows = Object.entries(found).flatMap(([name, entry]: [string, unknown]) => {
    const via = fieldOf(entry, 'via');
    // Text names another package of the list, through which this one is concerned.
    const own = (Array.isArray(via) ? via : []).filter((item: unknown) => typeof item === 'object');
    return own.map((item: unknown) => ({
      package: name,
      severity: textOf(item, 'severity'),
      advisory: textOf(item, 'url'),
    }));
  });
  return rows.sort((a, b) => (a.package + a.advisory < b.package + b.advisory ? -1 : 1));
}

/** The page with these advisories between its markers; notes that stand there already are kept. Throws without markers. */
export function withAdvisories(page: string, advisories: readonly Advisory[], day: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no place between ${BEGIN} and ${END}`);
  const notes = new Map(noted(page.slice(begin, end)).map((row) => [row.package + row.advisory, row.note]));
  const rows = advisories.map((row) => {
    const note = notes.get(row.package + row.advisory) ?? '';
    return `| ${row.package} | ${row.severity} | ${row.advisory} | ${note} |`;
  });
  const head = ['| package | severity | advisory | why it cannot be reached |', '| --- | --- | --- | --- |'];
  const table = rows.length === 0 ? ['None.'] : ['<!-- prettier-ignore -->', ...head, ...rows];
  const section = [BEGIN, '', `Asked on ${day}.`, '', ...table, '', ''].join('\n');
  return page.slice(0, begin) + section + page.slice(end);
}

/** Rows of a section as they stand on the page. */
export function noted(section: string): readonly (Advisory & { readonly note: string })[] {
  return section.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, name = '', severity = '', advisory = '', note = ''] = cells;
    const isRow = cells.length === 6 && name !== 'package' && !/^-+$/.test(name);
    return isRow ? [{ package: name, severity, advisory, note }] : [];
  });
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}

function textOf(value: unknown, name: string): string {
  const text = fieldOf(value, name);
  return typeof text === 'string' ? text.replaceAll('|', '/') : 'unknown';
}
