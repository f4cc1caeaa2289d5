import type { MailDoc, Transaction } from '@state-server/persistence-port';
import { isMailAddress } from './mail-address';
import type { MailData, MailTemplate } from './templates/template';

/** How long a mail's record is kept after it was asked for, ms: so long its key is not taken again. */
export const MAIL_KEPT_MS = 30 * 24 * 3_600_000;
const KEY_CHARS = 200;

export interface QueueMail<Name extends MailTemplate> {
  readonly template: Name;
  readonly to: string;
  readonly data: MailData[Name];
  /** What the mail is about, once: `invitation:<id>`. The same key again, within 30 days, queues nothing. */
  readonly key: string;
  /** BCP 47, of who reads it; English without one. */
  readonly locale?: string | undefined;
  /** Now, RFC 3339. */
  readonly at: string;
}

/**
 * Asks for an e-mail in the transaction of what it is about: they are there together or not at all, and jobs-runner sends it.
 * True when it is new. An address that no mail can go to queues nothing: false. Throws RangeError on a key that is none.
 */
export async function queueMail<Name extends MailTemplate>(
  tx: Transaction,
  { template, to, data, key, locale, at }: QueueMail<Name>,
): Promise<boolean> {
  if (key === '' || key.length > KEY_CHARS) throw new RangeError('the key of a mail has 1 to 200 characters');
  if (!isMailAddress(to)) return false;
  // The put below conflicts with everybody who queues the same key at this moment, so that one of them finds it here.
  if (await tx.get('mails', [key])) return false;
  const mail: MailDoc = {
    ...{ key, template, to, data, created_at: at, due_at: at },
    ...(locale === undefined ? {} : { locale }),
    ...{ state: 'waiting', attempts: 0 },
    expires_at: new Date(Date.parse(at) + MAIL_KEPT_MS).toISOString(),
  };
  tx.put('mails', mail);
  return true;
}
