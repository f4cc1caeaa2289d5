import { isIP } from 'node:net';
import { cleanName } from '../clean-text';
import { type MailData, type MailLanguage, moment, type Template } from './template';

type Data = MailData['sign_in.new_device'];

const WORDS = { en: ['When', 'Device', 'Address'], de: ['Wann', 'Gerät', 'Adresse'] } as const;

function facts(language: MailLanguage, { at, device, address }: Data): [string, string][] {
  const [when, what, where] = WORDS[language];
  return [
    [when, moment(language, at)],
    ...(device ? [[what, cleanName(device, 160)] as [string, string]] : []),
    ...(address && isIP(address) ? [[where, address] as [string, string]] : []),
  ];
}

export const signInNewDevice: Template<'sign_in.new_device'> = {
  en: (data, { appUrl }) => ({
    subject: 'Sign-in from a new device',
    paragraphs: [
      `Hello ${cleanName(data.name)},`,
      'somebody has just signed in to your account from a device that we have not seen before.',
      'If that was you, there is nothing to do. If it was not, end that session now.',
    ],
    facts: facts('en', data),
    button: { label: 'See your sessions', url: `${appUrl}/#/sessions` },
    footer: 'You get this mail because it concerns the safety of your account.',
  }),
  de: (data, { appUrl }) => ({
    subject: 'Anmeldung von einem neuen Gerät',
    paragraphs: [
      `Guten Tag ${cleanName(data.name)},`,
      'jemand hat sich soeben von einem Gerät, das wir noch nicht kennen, in Ihrem Konto angemeldet.',
      'Waren Sie das selbst, ist nichts zu tun. Wenn nicht, beenden Sie diese Sitzung jetzt.',
    ],
    facts: facts('de', data),
    button: { label: 'Sitzungen ansehen', url: `${appUrl}/#/sessions` },
    footer: 'Sie erhalten diese Nachricht, weil sie die Sicherheit Ihres Kontos betrifft.',
  }),
};
