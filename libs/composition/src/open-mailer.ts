import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFolderMailer, createSmtpMailer, type SmtpCredentials } from '@state-server/mail-nodemailer';
import type { Mailer, Sender } from '@state-server/mail-port';
import type { Service } from '@state-server/platform';

/** What of a service's settings says how e-mails go out. */
export interface MailSettings {
  readonly MAIL_TRANSPORT: 'smtp' | 'folder' | 'none';
  readonly MAIL_FROM: Sender;
  /** `smtp://` or `smtps://`, host and port. */
  readonly SMTP_URL: string | undefined;
  readonly SMTP_CLEARTEXT: boolean;
  readonly SMTP_CA_FILE: string | undefined;
  readonly SMTP_TIMEOUT_MS: number;
}

/** How e-mails go out; undefined: they do not, and wait until somebody says how. */
export function openMailer(
  { config }: Service,
  settings: MailSettings,
  credentials: () => SmtpCredentials | undefined,
): Mailer | undefined {
  const { MAIL_TRANSPORT, MAIL_FROM: from, SMTP_CA_FILE: caFile } = settings;
  switch (MAIL_TRANSPORT) {
    case 'none':
      return undefined;
    case 'folder':
      return createFolderMailer({ folder: join(config.DATA_DIR, 'mail'), from });
    case 'smtp':
      return createSmtpMailer({
        ...{ ...serverOf(settings), from, credentials },
        ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
        deadlineMs: settings.SMTP_TIMEOUT_MS,
      });
  }
}

function serverOf({ SMTP_URL: url, SMTP_CLEARTEXT: isClear }: MailSettings) {
  if (url === undefined) throw new TypeError('SMTP_URL is not set');
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'smtps:') return { host, port: Number(port || 465), tls: 'implicit' } as const;
  return { host, port: Number(port || 587), tls: isClear ? 'none' : 'starttls' } as const;
}
