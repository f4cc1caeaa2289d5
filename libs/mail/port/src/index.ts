export type { Mailer, MailMessage, MailOutcome } from './mailer';
export { parseSender, type Sender } from './sender';
