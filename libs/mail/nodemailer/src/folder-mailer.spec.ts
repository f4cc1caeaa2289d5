import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { createFolderMailer } from './folder-mailer';
import { mail } from './smtp-mailer.spec-support';

describe('mail into a folder', () => {
  const root = mkdtempSync(join(tmpdir(), 'mail-'));
  const from = { name: 'State server', address: 'no-reply@state.test' };
  afterAll(() => rmSync(root, { recursive: true }));

  it('is a file that mail programs open; sent again it is the same file (MAIL-7)', async () => {
    const folder = join(root, 'deep', 'mail');
    const mailer = createFolderMailer({ folder, from });
    expect(await mailer.send(mail())).toEqual({ kind: 'accepted' });
    const [name = ''] = readdirSync(folder);
    expect(name).toMatch(/^20260501T120000000Z-[0-9a-f]+\.eml$/);
    const parsed = await PostalMime.parse(readFileSync(join(folder, name)));
    expect(parsed).toMatchObject({ from, subject: 'Grüße', messageId: '<abc123@state.test>' });
    expect([parsed.text?.trim(), parsed.html?.trim()]).toEqual(['Hello, Ada', '<p>Hello, Ada</p>']);
    await mailer.send(mail());
    expect(readdirSync(folder)).toEqual([name]);
  });

  it('is for another time when the folder cannot be written (MAIL-4)', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    const outcome = await createFolderMailer({ folder: join(file, 'mail'), from }).send(mail());
    expect(outcome).toEqual({ kind: 'later', reason: 'ENOTDIR' });
  });
});
