import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drifted, generate } from './generate';
import type { Generator } from './generators';

describe('generated files', () => {
  let root: string;
  const generators: readonly Generator[] = [
    { path: 'docs/one.json', content: () => '{"b":1,"a":[1,2]}' },
    { path: 'docs/deep/two.md', content: () => '# Two\n\n\n* point' },
  ];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'generators-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('are written with their folders, as Prettier likes them', async () => {
    expect(await generate(root, generators)).toEqual(['docs/one.json', 'docs/deep/two.md']);
    expect(readFileSync(join(root, 'docs/one.json'), 'utf8')).toBe('{ "b": 1, "a": [1, 2] }\n');
    expect(readFileSync(join(root, 'docs/deep/two.md'), 'utf8')).toBe('# Two\n\n- point\n');
  });

  it('have drifted when they are missing or were changed', async () => {
    expect(await drifted(root, generators)).toEqual(['docs/one.json', 'docs/deep/two.md']);
    await generate(root, generators);
    expect(await drifted(root, generators)).toEqual([]);
    writeFileSync(join(root, 'docs/one.json'), '{}\n');
    expect(await drifted(root, generators)).toEqual(['docs/one.json']);
  });

  it('are not touched when they are up to date', async () => {
    await generate(root, generators);
    const before = statSync(join(root, 'docs/one.json')).mtimeMs;
    expect(await generate(root, generators)).toEqual([]);
    expect(statSync(join(root, 'docs/one.json')).mtimeMs).toBe(before);
  });
});
