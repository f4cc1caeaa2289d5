import { advisoriesIn, BEGIN, END, noted, withAdvisories } from './audit-section';

const report = {
  vulnerabilities: {
    old: {
      via: [
        { severity: 'high', url: 'https://a.test/1' },
        { severity: 'low', url: 'https://a.test/2' },
      ],
    },
    upon: { via: ['old'] },
  },
};

describe('the result of npm audit on a page', () => {
  const page = `before\n${BEGIN}\n${END}\nafter\n`;

  it('has each advisory once, at the package that it is of', () => {
    const advisories = advisoriesIn(report) ?? [];
    const written = withAdvisories(page, advisories, '2026-01-02');
    expect(noted(written)).toEqual([
      { package: 'old', severity: 'high', advisory: 'https://a.test/1', note: '' },
      { package: 'old', severity: 'low', advisory: 'https://a.test/2', note: '' },
    ]);
    expect(written.startsWith('before\n')).toBe(true);
    expect(written.endsWith(`${END}\nafter\n`)).toBe(true);
    expect(written).toContain('2026-01-02');
  });

  it('keeps the notes of people, and drops what is advised no more', () => {
    const first = withAdvisories(page, advisoriesIn(report) ?? [], '2026-01-02');
    const withNote = first.replace('https://a.test/1 |  |', 'https://a.test/1 | never called |');
    const again = withAdvisories(withNote, (advisoriesIn(report) ?? []).slice(0, 1), '2026-01-03');
    expect(noted(again)).toEqual([
      { package: 'old', severity: 'high', advisory: 'https://a.test/1', note: 'never called' },
    ]);
    expect(noted(withAdvisories(again, [], '2026-01-04'))).toEqual([]);
  });

  it('is told from a registry that does not answer', () => {
    expect(advisoriesIn({ message: '405 Method Not Allowed', statusCode: 405 })).toBeUndefined();
    expect(advisoriesIn(undefined)).toBeUndefined();
    expect(advisoriesIn({ vulnerabilities: {} })).toEqual([]);
  });

  it('needs its markers', () => {
    expect(() => withAdvisories('nothing', [], '2026-01-02')).toThrow('no place');
  });
});
