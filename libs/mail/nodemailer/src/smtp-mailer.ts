import type { Mailer, MailMessage, MailOutcome, Sender } from '@state-server/mail-port';
import { createTransport } from 'nodemailer';
import { compose } from './compose';

export interface SmtpCredentials {
  readonly user: string;
  readonly pass: string;
}

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** `starttls` never goes on in the clear when the server does not offer it. `none`: in the clear, for development. */
  readonly tls: 'implicit' | 'starttls' | 'none';
  /** PEM; whom to trust besides the public authorities. */
  readonly ca?: string;
  /** Asked for before every mail, so that a password can change while the process runs. */
  readonly credentials?: () => SmtpCredentials | undefined;
  readonly from: Sender;
  /** One attempt as a whole, from the connection to the last answer, ms. */
  readonly deadlineMs: number;
  /** Connections that are kept. */
  readonly connections?: number;
}

type Transport = ReturnType<typeof openTransport>;

/** Sends by SMTP, over a few connections that are kept. */
export function createSmtpMailer(options: SmtpOptions): Mailer {
  let open: { readonly transport: Transport; readonly as: string } | undefined;

  const transport = (): Transport => {
    const credentials = options.credentials?.();
    const as = JSON.stringify(credentials ?? null);
    if (open?.as !== as) {
      // What is under way over the old one ends there.
      open?.transport.close();
      open = { transport: openTransport(options, credentials), as };
    }
    return open.transport;
  };

  return {
    send: async (message) => {
      const signal = AbortSignal.timeout(options.deadlineMs);
      try {
        return await hand(transport(), message, options.from, signal);
      } catch (error) {
        return signal.aborted ? { kind: 'later', reason: 'deadline' } : outcomeOf(error);
      }
    },
    close: () => {
      open?.transport.close();
      open = undefined;
      return Promise.resolve();
    },
  };
}

function openTransport(options: SmtpOptions, credentials: SmtpCredentials | undefined) {
  const { host, port, tls, ca, deadlineMs, connections = 2 } = options;
  return createTransport({
    ...{ pool: true, host, port, maxConnections: connections },
    // Whoever asked for the mail tries again, and writes down that he does.
    maxRequeues: 0,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    ...(credentials && { auth: { type: 'login', ...credentials } }),
    connectionTimeout: deadlineMs,
    greetingTimeout: deadlineMs,
    socketTimeout: deadlineMs,
    dnsTimeout: deadlineMs,
  });
}

async function hand(
  transport: Transport,
  message: MailMessage,
  from: Sender,
  signal: AbortSignal,
): Promise<MailOutcome> {
  const { accepted, response } = await transport.sendMail({ ...compose(message, from), signal });
  return accepted.length > 0 ? { kind: 'accepted' } : { kind: 'later', reason: oneLine(response) };
}

/** Codes of nodemailer for an answer about this mail or its recipient, and not about us or the way there. */
const ABOUT_THE_MAIL = new Set(['EENVELOPE', 'EMESSAGE']);

function outcomeOf(error: unknown): MailOutcome {
  const facts = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const [code, status] = [facts['code'], facts['responseCode']];
  const said = typeof facts['response'] === 'string' ? facts['response'] : '';
  const command = typeof facts['command'] === 'string' ? facts['command'] : '';
  const reason = oneLine([typeof code === 'string' ? code : 'EUNKNOWN', command, said].join(' '));
  // Being turned away as a sender, or before a mail was offered, says nothing of the mail: that is mended by hand.
  const isFinal =
    typeof code === 'string' && ABOUT_THE_MAIL.has(code) && typeof status === 'number' && status >= 500;
  return isFinal && command !== 'MAIL FROM' ? { kind: 'refused', reason } : { kind: 'later', reason };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}
