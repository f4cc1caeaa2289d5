import { companyInvitation } from './company-invitation';
import { erasureConfirmed } from './erasure-confirmed';
import { exportReady } from './export-ready';
import { renderLetter, type RenderedLetter } from './letter';
import { signInNewDevice } from './sign-in-new-device';
import {
  MAIL_LANGUAGES,
  type MailData,
  type MailLanguage,
  type MailTemplate,
  type Template,
  type Writing,
} from './template';

/** Every mail that the system sends. */
const TEMPLATES: { readonly [Name in MailTemplate]: Template<Name> } = {
  'sign_in.new_device': signInNewDevice,
  'company.invitation': companyInvitation,
  'export.ready': exportReady,
  'erasure.confirmed': erasureConfirmed,
};

/** The language of a locale that there are words for; English for all others. */
export function languageOf(locale: string | undefined): MailLanguage {
  const [language] = (locale ?? '').toLowerCase().split(/[-_]/);
  return MAIL_LANGUAGES.find((known) => known === language) ?? 'en';
}

export interface WriteMail<Name extends MailTemplate> extends Writing {
  readonly template: Name;
  readonly data: MailData[Name];
  readonly locale?: string | undefined;
}

/** Subject, text and HTML of a mail. */
export function writeMail<Name extends MailTemplate>({
  template,
  data,
  locale,
  appUrl,
}: WriteMail<Name>): RenderedLetter & { readonly language: MailLanguage } {
  const language = languageOf(locale);
  const letter = TEMPLATES[template][language](data, { appUrl });
  return { ...renderLetter(letter, language), language };
}

export function isMailTemplate(name: string): name is MailTemplate {
  return Object.hasOwn(TEMPLATES, name);
}
