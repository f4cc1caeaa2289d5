import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Terminal } from '../terminal';
import { mail } from './mail';

describe('./dev mail', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'dev-mail-'));
  afterAll(() => rmSync(dataDir, { recursive: true }));

  const run = async (number?: number): Promise<string> => {
    const lines: string[] = [];
    const terminal = { line: (text: string) => lines.push(text) } as unknown as Terminal;
    await mail({ dataDir, number }, terminal);
    return lines.join('\n');
  };

  it('lists the mails of development, the newest first, and shows one (MAIL-7)', async () => {
    expect(await run()).toContain('No mail has been sent yet');
    mkdirSync(join(dataDir, 'mail'));
    for (const day of [1, 2]) {
      const eml = `From: State <s@x.test>\r\nTo: ada@x.test\r\nSubject: day ${day}\r\n\r\nHello ${day}\r\n`;
      writeFileSync(join(dataDir, 'mail', `2026050${day}T000000000Z-ab.eml`), eml);
    }
    expect((await run()).split('\n').map((line) => /day \d/.exec(line)?.[0])).toEqual(['day 2', 'day 1']);
    expect(await run(2)).toMatch(/From: State <s@x\.test>[^]*Subject: day 1[^]*Hello 1/);
    await expect(run(3)).rejects.toThrow('There is no mail 3');
  });
});
