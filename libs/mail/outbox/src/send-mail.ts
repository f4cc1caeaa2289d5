import { createHash } from 'node:crypto';
import type { Clock } from '@state-server/domain';
import type { Mailer, MailOutcome } from '@state-server/mail-port';
import type { MailDoc, Store, Transaction } from '@state-server/persistence-port';
import { isMailTemplate, writeMail, type WriteMail } from './templates/write-mail';
import type { MailTemplate } from './templates/template';

/** Longer than any mailer takes for one attempt, so that nobody else takes up a mail that is being sent, ms. */
export const MAIL_LEASE_MS = 180_000;
/** About a day from the first attempt to the last. */
export const MAIL_ATTEMPTS = 30;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;

export interface SendDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly mailer: Mailer;
  /** The application of the people: links go there. */
  readonly appUrl: string;
  /** The domain behind the `@` of the ids of mails. */
  readonly domain: string;
  /** Tells this process from others. */
  readonly sender: string;
}

/** `taken`: somebody else sends it, or it has ended. */
export type SendOutcome = 'sent' | 'later' | 'dead' | 'taken';

/** Mails that are due, the longest waiting first. */
export async function dueMails(store: Store, now: number, limit: number): Promise<string[]> {
  const due = await store.read({ label: 'mail.due' }, (tx) =>
    tx.range('mails', { index: 'by_due', prefix: [], lt: [new Date(now + 1).toISOString()], limit }),
  );
  return due.map(({ key }) => key);
}

/**
 * One attempt at one mail. Claimed first, by a lease, so that one process at a time sends it and a process that dies is
 * followed by another. Between the server's answer and the record of it lies a moment: who dies there has sent a mail
 * that is sent once more, with the same Message-ID, by which it is recognised. SMTP has nothing better.
 */
export async function sendMail(deps: SendDeps, key: string): Promise<SendOutcome> {
  const claimed = await claim(deps, key);
  if (!claimed) return 'taken';
  const outcome = await attempt(deps, claimed);
  return deps.store.transact({ label: 'mail.settle' }, (tx) => settle(deps, tx, claimed, outcome));
}

async function claim({ store, clock, sender }: SendDeps, key: string): Promise<MailDoc | undefined> {
  return store.transact({ label: 'mail.claim' }, async (tx) => {
    const mail = await tx.get('mails', [key]);
    const now = clock.now();
    if (mail?.state !== 'waiting' || mail.due_at === undefined || Date.parse(mail.due_at) > now) {
      return undefined;
    }
    const claimed: MailDoc = {
      ...mail,
      sender,
      attempts: mail.attempts + 1,
      due_at: time(now + MAIL_LEASE_MS),
    };
    tx.put('mails', claimed);
    return claimed;
  });
}

async function attempt({ mailer, appUrl, domain }: SendDeps, mail: MailDoc): Promise<MailOutcome> {
  const { key, template, to, locale, created_at, attempts } = mail;
  // Every attempt before it may have been the one that ends the process: it does not come to that for ever.
  if (attempts > MAIL_ATTEMPTS) return { kind: 'refused', reason: 'tried too often' };
  if (!isMailTemplate(template)) return { kind: 'refused', reason: 'unknown template' };
  try {
    const data = mail.data as WriteMail<MailTemplate>['data'];
    const { subject, text, html, language } = writeMail({ template, data, locale, appUrl });
    const messageId = messageIdOf(key, domain);
    return await mailer.send({ messageId, to, subject, text, html, language, date: created_at });
  } catch {
    return { kind: 'refused', reason: 'the template cannot be written with this data' };
  }
}

/** The same for the same key, and nothing to be read from it. */
export function messageIdOf(key: string, domain: string): string {
  return `<${createHash('sha256').update(key).digest('hex').slice(0, 40)}@${domain}>`;
}

async function settle(
  { clock }: SendDeps,
  tx: Transaction,
  claimed: MailDoc,
  outcome: MailOutcome,
): Promise<SendOutcome> {
  const mail = await tx.get('mails', [claimed.key]);
  if (mail?.state !== 'waiting') return 'taken';
  const { data: _data, due_at: _due, sender: _sender, reason: _reason, ...rest } = mail;
  const now = clock.now();
  if (outcome.kind === 'accepted') {
    tx.put('mails', { ...rest, state: 'sent', ended_at: time(now) });
    return 'sent';
  }
  // Its lease ran out and somebody else sends it now: what comes of that counts.
  if (mail.sender !== claimed.sender || mail.attempts !== claimed.attempts) return 'taken';
  const { reason } = outcome;
  if (outcome.kind === 'refused' || mail.attempts >= MAIL_ATTEMPTS) {
    tx.put('mails', { ...rest, state: 'dead', reason, ended_at: time(now) });
    return 'dead';
  }
  const { sender: _by, ...waiting } = mail;
  tx.put('mails', { ...waiting, reason, due_at: time(now + waitMs(mail.attempts)) });
  return 'later';
}

/** After so many attempts in vain. */
export function waitMs(attempts: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1));
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

/** Mails that were given up in the last 30 days, at most `limit` of them, the newest first. */
export async function deadMails(store: Store, limit: number): Promise<MailDoc[]> {
  return store.read({ label: 'mail.dead' }, (tx) =>
    tx.range('mails', { index: 'by_state', prefix: ['dead'], reverse: true, limit }),
  );
}
