import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mailer, Sender } from '@state-server/mail-port';
import { createTransport } from 'nodemailer';
import { compose } from './compose';

export interface FolderOptions {
  readonly folder: string;
  readonly from: Sender;
}

/** For development: each mail becomes an .eml file, whole or not at all, that any mail program opens. */
export function createFolderMailer({ folder, from }: FolderOptions): Mailer {
  const writer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  return {
    send: async (message) => {
      try {
        const { message: bytes } = await writer.sendMail(compose(message, from));
        // The name follows from date and id: what is sent again replaces itself.
        const name = `${message.date.replace(/[^0-9TZ]/g, '')}-${message.messageId.replace(/[^0-9a-f]/g, '').slice(0, 12)}.eml`;
        await mkdir(folder, { recursive: true });
        const temporary = join(folder, `.${name}.tmp`);
        await writeFile(temporary, bytes as Buffer);
        await rename(temporary, join(folder, name));
        return { kind: 'accepted' };
      } catch (error) {
        return { kind: 'later', reason: codeOf(error) };
      }
    },
    close: () => Promise.resolve(),
  };
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'folder';
}
