export { createFolderMailer, type FolderOptions } from './folder-mailer';
export { createSmtpMailer, type SmtpCredentials, type SmtpOptions } from './smtp-mailer';
