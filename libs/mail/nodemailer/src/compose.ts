import type { MailMessage, Sender } from '@state-server/mail-port';

/** What nodemailer makes the mail of. Addresses are objects: nothing in them is ever read as a list. */
export function compose(message: MailMessage, from: Sender) {
  const { messageId, to, subject, text, html, language, date } = message;
  return {
    ...{ from, to: { name: '', address: to }, subject, text, html, messageId },
    date: new Date(date),
    // No machine shall answer, and no content is ever fetched for the mail.
    headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
