import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime, { type Email } from 'postal-mime';
import { type Terminal } from '../terminal';
import { UserError } from '../user-error';

export interface MailOptions {
  readonly dataDir: string;
  /** Of the list, 1 is the newest; without it the list. */
  readonly number: number | undefined;
}

/** The e-mails that were sent in development, the newest first; or one of them, as text. */
export async function mail({ dataDir, number }: MailOptions, terminal: Terminal): Promise<number> {
  const folder = join(dataDir, 'mail');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')) : [];
  const files = names
    .sort()
    .reverse()
    .map((name) => join(folder, name));
  if (number === undefined) {
    if (files.length === 0) terminal.line(`No mail has been sent yet; they come to ${folder}.`);
    for (const [index, file] of files.entries()) {
      const { date, subject, to } = await read(file);
      terminal.line(`${String(index + 1).padStart(3)}  ${date ?? ''}  ${addresses(to)}  ${subject ?? ''}`);
    }
    return 0;
  }
  const file = files[number - 1];
  if (file === undefined) throw new UserError(`There is no mail ${number}; ./dev mail lists them.`);
  const { from, to, date, subject, text } = await read(file);
  terminal.line(`From: ${from?.name ?? ''} <${from?.address ?? ''}>`);
  terminal.line(`To: ${addresses(to)}\nDate: ${date ?? ''}\nSubject: ${subject ?? ''}\nFile: ${file}\n`);
  terminal.line(text ?? '');
  return 0;
}

function read(file: string): Promise<Email> {
  return PostalMime.parse(readFileSync(file));
}

function addresses(to: Email['to']): string {
  return (to ?? []).map(({ address }) => address ?? '').join(', ');
}
