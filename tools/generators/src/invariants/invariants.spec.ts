import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findRoot } from '../workspace-root';
import { problems, readInvariants } from './invariants';
import { invariantsPage } from './invariants-page';
import { citedIds, testNames } from './test-names';

const HEAD = '| id | rule | proven by |\n| --- | --- | --- |\n';

describe('docs/spec and the tests', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'invariants-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const page = (name: string, ...rows: string[]): void => write(`docs/spec/${name}`, HEAD + rows.join('\n'));
  const spec = (path: string, ...names: string[]): void =>
    write(path, names.map((name) => `it(${JSON.stringify(name)}, () => undefined);`).join('\n'));
  const found = (): string[] => problems(readInvariants(root));

  it('agree when each id is cited and each named file cites it', () => {
    page(
      'store.md',
      '| X-1 | one | memory `a.spec.ts` |',
      '| X-2, X-3 | two | `suite.ts`, `libs/a/src/a.spec.ts` |',
    );
    spec('libs/a/src/a.spec.ts', 'holds (X-1)', 'holds (X-2–X-3, seed 4)');
    spec('libs/a/contract/src/suite.ts', 'X-2: holds', 'X-3: holds');
    expect(found()).toEqual([]);
  });

  it('do not when an id has no test', () => {
    page('store.md', '| X-1 | one | `a.spec.ts` |', '| X-2 | two | `a.spec.ts` |');
    spec('libs/a/src/a.spec.ts', 'holds (X-1)');
    expect(found()).toEqual([
      'X-2 (store.md) is cited by no test',
      'X-2 (store.md) names libs/a/src/a.spec.ts, where no test cites it',
    ]);
  });

  it('do not when a test cites an id that stands nowhere', () => {
    page('store.md', '| X-1 | one | `a.spec.ts` |');
    spec('apps/a/src/a.spec.ts', 'holds (X-1, X-9)');
    expect(found()).toEqual(['apps/a/src/a.spec.ts cites X-9, which no page defines']);
  });

  it('do not when a table names a file that is no test, that cites something else, that may be either, or none', () => {
    page(
      'one.md',
      '| X-1 | one | `gone.spec.ts` |',
      '| X-2 | two | `b.spec.ts` |',
      '| X-3 | three | `a.spec.ts` |',
    );
    page('two.md', '| X-4 | four | by hand |');
    spec('libs/a/src/a.spec.ts', 'holds (X-1, X-3, X-4)');
    spec('libs/c/src/a.spec.ts', 'holds (X-2, X-3)');
    spec('libs/b/src/b.spec.ts', 'holds (X-1)');
    expect(found()).toEqual([
      'X-1 (one.md) names gone.spec.ts, which is no test file',
      'X-2 (one.md) names libs/b/src/b.spec.ts, where no test cites it',
      'X-3 (one.md) names a.spec.ts, which may be libs/a/src/a.spec.ts or libs/c/src/a.spec.ts',
      'X-4 (two.md) names no test file',
    ]);
  });

  it('do not when an id is given twice; rules of sync.md may be carried on, once a page', () => {
    page('sync.md', '| L1 | all or nothing | `a.spec.ts` |');
    page(
      'one.md',
      '| L1 | here, too | `a.spec.ts` |',
      '| X-1 | one | `a.spec.ts` |',
      '| X-1 | again | `a.spec.ts` |',
    );
    page('two.md', '| Y-1 | one | `a.spec.ts` |');
    page('three.md', '| Y-1 | other | `a.spec.ts` |', '| why | other | `a.spec.ts` |');
    spec('libs/a/src/a.spec.ts', 'holds (L1, X-1, Y-1)');
    expect(found()).toEqual([
      'three.md: “why” is no id (L1, STORE-12)',
      'X-1 has two rows in one page (one.md, one.md)',
      'Y-1 is defined twice (three.md, two.md); only rules of sync.md are carried on elsewhere',
      'why (three.md) is cited by no test',
      'why (three.md) names libs/a/src/a.spec.ts, where no test cites it',
    ]);
  });

  it('leave what is planned alone, and let no test claim it', () => {
    page('store.md', '| X-1 | one | planned: later |');
    spec('libs/a/src/a.spec.ts', 'holds');
    expect(found()).toEqual([]);
    expect(invariantsPage(readInvariants(root))).toContain('## Planned');
    spec('libs/a/src/a.spec.ts', 'holds (X-1)');
    expect(found()).toEqual(['X-1 is planned (store.md), but a test cites it']);
  });

  it('look at tables of ids alone', () => {
    write(
      'docs/spec/a.md',
      `| what | rule |\n| --- | --- |\n| X-1 | no |\n\n- **X-2** no\n\n${HEAD}| X-3 | a \\| b | \`a.spec.ts\` |`,
    );
    spec('libs/a/src/a.spec.ts', 'holds (X-3)');
    expect(readInvariants(root).rows).toEqual([
      { id: 'X-3', rule: 'a \\| b', page: 'a.md', named: ['a.spec.ts'], state: 'built' },
    ]);
  });
});

describe('names of tests', () => {
  it('are those of it, test and describe, whole or from a table; what is skipped has none', () => {
    const source = `
      describe.each(['weak (A1)'])('on %s (A2)', (mode) => { it.only(\`\${mode} holds (A3)\`, () => { expect(it2('x (A0)')); }); });
      test.each\`a | b
        \${'x (A4)'} | \${2}\`('name $a (A5)', () => undefined);
      it.skip('not yet (A0)', () => undefined); it.todo('(A0)'); xit('(A0)', () => undefined); // it('(A0)')
      const it3: string = "it('(A0)')";`;
    expect(testNames(source).flatMap(citedIds)).toEqual(['A2', 'A1', 'A3', 'A5', 'A4']);
  });

  it('cite in parentheses that begin with an id, or in front', () => {
    expect(
      citedIds('I5: twins (REST-ONCE-2, ID3–ID5, seed %i) (7 of them) and (see L1) (L2; found by a seed)'),
    ).toEqual(['I5', 'REST-ONCE-2', 'ID3', 'ID4', 'ID5', 'L2']);
  });
});

describe('this workspace', () => {
  it('plans only what has not begun', () => {
    const { rows } = readInvariants(findRoot(__dirname));
    const planned = rows.filter(({ state }) => state === 'planned').map(({ id }) => id);
    expect(planned).toEqual(['R8']);
  });
});
