import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './workspace';

const PAGE = readFileSync(join(ROOT, 'docs/spec/security.md'), 'utf8');
const IDS = readFileSync(join(ROOT, 'tools/workspace/fixtures/security-requirements.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '');

interface Row {
  readonly id: string;
  readonly how: string;
  readonly proof: string;
}

const rows: Row[] = PAGE.split('\n').flatMap((line) => {
  const [, id = '', how = '', proof = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
  return /^(V\d|RFC\d)/.test(id) ? [{ id, how, proof }] : [];
});

const files = ['apps', 'libs', 'tools'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `/${folder}/${file}`)
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules')),
);

/** Ids of the rules of every page. */
const known = new Set(
  readdirSync(join(ROOT, 'docs/spec'))
    .filter((page) => page.endsWith('.md') && page !== 'security.md')
    .flatMap((page) => readFileSync(join(ROOT, 'docs/spec', page), 'utf8').split('\n'))
    .flatMap((line) => (/^\| ([^|]+)\|/.exec(line)?.[1] ?? '').split(',').map((id) => id.trim())),
);

describe('docs/spec/security.md', () => {
  it('has one row for each requirement of ASVS 5.0 level 2, RFC 9700 and RFC 8725', () => {
    expect(rows.map(({ id }) => id).sort()).toEqual([...IDS].sort());
    expect(IDS.length).toBeGreaterThan(280);
  });

  it.each(rows)('$id says how it is met and what proves it, or why not', ({ how, proof }) => {
    expect(how.length).toBeGreaterThan(3);
    expect(how).not.toBe('open');
    const isWithout = /^(does not apply|not met): \S/.test(how);
    if (!isWithout) expect(proof).not.toBe('');
    for (const [, name = ''] of proof.matchAll(/`([^`]+\.ts)`/g)) {
      expect(files.filter((file) => file.endsWith(`/${name}`)).map(() => name)).toContain(name);
    }
    for (const [id] of proof.replaceAll(/`[^`]*`/g, '').matchAll(/\b[A-Z]+(?:-[A-Z]+)*-?\d+\b/g)) {
      expect([...known]).toContain(id);
    }
  });
});

describe('the result of npm audit', () => {
  const section = /<!-- npm audit: begin -->([^]*)<!-- npm audit: end -->/.exec(PAGE)?.[1] ?? '';

  it('stands on the page, and every high or critical advisory has a note why it cannot be reached', () => {
    expect(section).toMatch(/^\s*(Asked on \d{4}-\d\d-\d\d\.|Not asked yet)/);
    const grave = section.split('\n').filter((line) => /\|\s*(high|critical)\s*\|/.test(line));
    for (const line of grave) expect(line.split('|')[4]?.trim()).not.toBe('');
  });
});
