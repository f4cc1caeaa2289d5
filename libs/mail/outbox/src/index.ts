export { cleanLine, cleanName } from './clean-text';
export { foldMailAddress, isMailAddress } from './mail-address';
export { MAIL_KEPT_MS, type QueueMail, queueMail } from './queue-mail';
export {
  deadMails,
  dueMails,
  MAIL_ATTEMPTS,
  MAIL_LEASE_MS,
  type SendDeps,
  sendMail,
  type SendOutcome,
} from './send-mail';
export { MAIL_LANGUAGES, type MailData, type MailLanguage, type MailTemplate } from './templates/template';
export { languageOf, writeMail, type WriteMail } from './templates/write-mail';
