import { cleanName } from '../clean-text';
import { moment, type Template } from './template';

export const erasureConfirmed: Template<'erasure.confirmed'> = {
  en: ({ name, at }) => ({
    subject: 'Your data has been erased',
    paragraphs: [
      `Hello ${cleanName(name)},`,
      `as you asked, your account and your personal data were erased on ${moment('en', at)}. This cannot be taken back.`,
      'Backups that still hold them are overwritten in turn.',
    ],
    footer: 'This is the last mail that you get from us.',
  }),
  de: ({ name, at }) => ({
    subject: 'Ihre Daten sind gelöscht',
    paragraphs: [
      `Guten Tag ${cleanName(name)},`,
      `wie gewünscht wurden Ihr Konto und Ihre persönlichen Daten am ${moment('de', at)} gelöscht. Das lässt sich nicht zurücknehmen.`,
      'Sicherungen, in denen sie noch stehen, werden der Reihe nach überschrieben.',
    ],
    footer: 'Dies ist die letzte Nachricht, die Sie von uns erhalten.',
  }),
};
