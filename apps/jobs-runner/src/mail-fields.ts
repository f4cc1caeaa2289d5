import { parseSender, type Sender } from '@state-server/mail-port';
import {
  type ConfigOf,
  field,
  flag,
  integer,
  oneOf,
  optional,
  parseUrl,
  text,
  url,
} from '@state-server/platform';

function smtpUrl(value: string): string | undefined {
  const found = parseUrl(value, ['smtp', 'smtps']);
  if (found === undefined) return undefined;
  const { hostname, username, password } = new URL(found);
  return hostname === '' || username !== '' || password !== '' ? undefined : found;
}

/** How e-mails go out. */
export const mailFields = {
  MAIL_TRANSPORT: oneOf(['smtp', 'folder', 'none'], {
    description:
      'How e-mails go out: by SMTP; as files in the folder mail of DATA_DIR, for development; or not at all, then they wait, and are dropped after 30 days.',
    default: 'folder',
    inProduction: (transport) =>
      transport === 'folder'
        ? 'must be smtp in production, or none where no e-mail is to be sent'
        : undefined,
  }),
  MAIL_FROM: field<Sender>(parseSender, 'must be an e-mail address, or: Name <address>', {
    description: 'Who e-mails are from.',
    default: 'State server <no-reply@localhost>',
  }),
  MAIL_APP_URL: url(['http', 'https'], {
    description: 'The application that people use: links in e-mails go there.',
    default: 'http://127.0.0.1:4000',
  }),
  SMTP_URL: optional(
    field(smtpUrl, 'must be a URL (smtp, smtps) without a name and a password', {
      description:
        'The mail server that takes our e-mails: smtp://host:587 goes over to TLS from within, and without that offer sends nothing; smtps://host:465 is TLS from the start.',
    }),
  ),
  SMTP_CLEARTEXT: flag({
    description: 'smtp:// stays without TLS. For development.',
    default: 'false',
    inProduction: (clear) => (clear ? 'must not be true in production' : undefined),
  }),
  SMTP_CA_FILE: optional(text({ description: 'PEM: whom to trust besides the public authorities.' })),
  SMTP_USERNAME: optional(text({ description: 'Name under which we are known there.' })),
  SMTP_PASSWORD: optional(text({ description: 'Password of that name.', sensitive: true })),
  SMTP_TIMEOUT_MS: integer(
    { min: 100, max: 120_000 },
    {
      description: 'One attempt to hand on an e-mail, as a whole, takes at most so long.',
      unit: 'ms',
      default: '10000',
    },
  ),
} as const;

type MailConfig = ConfigOf<typeof mailFields> & { readonly NODE_ENV: string };

/** What must hold between them. */
export const mailRules = [
  ({ MAIL_TRANSPORT, SMTP_URL }: MailConfig): string | undefined =>
    MAIL_TRANSPORT === 'smtp' && SMTP_URL === undefined
      ? 'SMTP_URL must be set where MAIL_TRANSPORT is smtp'
      : undefined,
  ({ SMTP_USERNAME, SMTP_PASSWORD }: MailConfig): string | undefined =>
    (SMTP_USERNAME === undefined) === (SMTP_PASSWORD === undefined)
      ? undefined
      : 'SMTP_USERNAME and SMTP_PASSWORD belong together',
  ({ NODE_ENV, MAIL_TRANSPORT, MAIL_FROM, MAIL_APP_URL }: MailConfig): string | undefined => {
    if (NODE_ENV !== 'production' || MAIL_TRANSPORT !== 'smtp') return undefined;
    if (MAIL_FROM.address.endsWith('@localhost'))
      return 'MAIL_FROM must be an address of your own in production';
    return MAIL_APP_URL.startsWith('https:') ? undefined : 'MAIL_APP_URL must be https in production';
  },
] as const;
