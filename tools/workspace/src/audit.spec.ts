import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace';

/** Code of apps, libraries and tools besides tests: path and text. */
const sources = ['apps', 'libs', 'tools'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => file.endsWith('.ts') && !/node_modules|\.spec(-support)?\.ts$|\/testing\//.test(file))
    .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') })),
);

describe('the audit log', () => {
  it('is written by one function, and nothing but age takes an entry away (AUDIT-2)', () => {
    const naming = (call: RegExp): string[] =>
      sources.filter(({ text }) => call.test(text)).map(({ file }) => file);
    expect(naming(/\bput\(\s*'audit'/)).toEqual(['libs/audit/src/record-audit.ts']);
    expect(naming(/\bdelete\(\s*'audit'/)).toEqual([]);
  });

  it('knows no action that nothing records (AUDIT-2)', () => {
    const list = 'libs/audit/src/actions.ts';
    const actions = [...readFileSync(join(ROOT, list), 'utf8').matchAll(/^ {2}'([a-z_.]+)':/gm)].map(
      ([, name = '']) => name,
    );
    expect(actions.length).toBeGreaterThan(30);
    const code = sources.filter(({ file }) => file !== list).map(({ text }) => text);
    expect(actions.filter((name) => !code.some((text) => text.includes(`'${name}'`)))).toEqual([]);
  });
});
