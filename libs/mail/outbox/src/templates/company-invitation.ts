import { cleanName } from '../clean-text';
import { moment, type Template } from './template';

const ROLES = {
  en: { owner: 'owner', admin: 'administrator', member: 'member' },
  de: { owner: 'Eigentümer', admin: 'Verwalter', member: 'Mitglied' },
} as const;

/** The token stands behind the `#`: what stands there no browser sends to a server, so no log holds it. */
const link = (appUrl: string, token: string): string => `${appUrl}/#/invitation/${encodeURIComponent(token)}`;

export const companyInvitation: Template<'company.invitation'> = {
  en: ({ company, inviter, role, token, expires_at }, { appUrl }) => ({
    subject: `Invitation to ${cleanName(company)}`,
    paragraphs: [
      `${cleanName(inviter)} invites you to join “${cleanName(company)}” as ${ROLES.en[role]}.`,
      `Sign in with this e-mail address to accept. The invitation is for you alone, works once, and ends on ${moment('en', expires_at)}.`,
    ],
    button: { label: 'See the invitation', url: link(appUrl, token) },
    footer: 'If you do not know who this is from, do nothing: without you nothing happens.',
  }),
  de: ({ company, inviter, role, token, expires_at }, { appUrl }) => ({
    subject: `Einladung zu ${cleanName(company)}`,
    paragraphs: [
      `${cleanName(inviter)} lädt Sie zu „${cleanName(company)}“ ein, als ${ROLES.de[role]}.`,
      `Zum Annehmen melden Sie sich mit dieser E-Mail-Adresse an. Die Einladung gilt nur Ihnen, einmal, und bis ${moment('de', expires_at)}.`,
    ],
    button: { label: 'Einladung ansehen', url: link(appUrl, token) },
    footer: 'Kennen Sie den Absender nicht, tun Sie nichts: Ohne Sie geschieht nichts.',
  }),
};
