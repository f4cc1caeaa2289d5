import { Parser } from '@asyncapi/parser';
import { GENERATORS } from './generators';

/** Errors and warnings, of the parser's scale of severities. */
const PROBLEMS: ReadonlySet<number> = new Set([0, 1]);

it('have a path each, and the same content in every run', () => {
  expect(new Set(GENERATORS.map(({ path }) => path)).size).toBe(GENERATORS.length);
  for (const { content } of GENERATORS) expect(content()).toBe(content());
});

it('name no limit twice and leave none out', () => {
  const page = GENERATORS.find(({ path }) => path.endsWith('limits.md'))?.content() ?? '';
  expect(page).toContain('| `ops_per_edit` |');
  expect(page).toContain('`frame.too_large`');
});

describe('asyncapi.json', () => {
  it('is a document that an independent parser takes', async () => {
    const source = GENERATORS.find(({ path }) => path.endsWith('asyncapi.json'))?.content() ?? '';
    const { document, diagnostics } = await new Parser().parse(source);
    const problems = diagnostics
      .filter(({ severity }) => PROBLEMS.has(severity))
      .map(({ message }) => message);
    expect(problems).toEqual([]);
    expect(document?.channels().get('ws')?.address()).toBe('/ws');
  }, 30_000);
});
