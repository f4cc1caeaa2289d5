import { cleanName } from '../clean-text';
import type { Letter } from './letter';

/** What each template says; text of people in it is hostile, and is cleaned by the template. Times are RFC 3339. */
export interface MailData {
  'sign_in.new_device': {
    readonly name: string;
    /** As the device calls itself. */
    readonly device?: string;
    /** IP address. */
    readonly address?: string;
    readonly at: string;
  };
  'company.invitation': {
    readonly company: string;
    readonly inviter: string;
    readonly role: 'owner' | 'admin' | 'member';
    /** Opens the invitation. */
    readonly token: string;
    readonly expires_at: string;
  };
  'export.ready': {
    readonly name: string;
    /** Where it is got from: an https URL, or a path of the application. */
    readonly url: string;
    readonly expires_at: string;
  };
  'erasure.confirmed': { readonly name: string; readonly at: string };
}

export type MailTemplate = keyof MailData;

export const MAIL_LANGUAGES = ['en', 'de'] as const;
export type MailLanguage = (typeof MAIL_LANGUAGES)[number];

/** What a template needs besides its data. */
export interface Writing {
  /** The application of the people, without a slash at its end; links go there. */
  readonly appUrl: string;
}

/** One template in every language. */
export type Template<Name extends MailTemplate> = Readonly<
  Record<MailLanguage, (data: MailData[Name], writing: Writing) => Letter>
>;

/** A moment as people read it, in UTC, for it is not known where they are. */
export function moment(language: MailLanguage, at: string): string {
  const format = new Intl.DateTimeFormat(language, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  return Number.isNaN(Date.parse(at)) ? cleanName(at) : `${format.format(new Date(at))} UTC`;
}
