import { type MailData, MAIL_LANGUAGES, type MailTemplate } from './template';
import { languageOf, writeMail } from './write-mail';

const appUrl = 'https://app.test';
const at = '2026-05-01T12:00:00.000Z';

const SAMPLES: { readonly [Name in MailTemplate]: MailData[Name] } = {
  'sign_in.new_device': { name: 'Ada', device: 'Firefox on Linux', address: '203.0.113.7', at },
  'company.invitation': {
    ...{ company: 'Harbour Ltd', inviter: 'Grace', role: 'admin', token: 'inv_s3cret', expires_at: at },
  },
  'export.ready': { name: 'Ada', url: 'https://files.test/export?id=1&sig=2', expires_at: at },
  'erasure.confirmed': { name: 'Ada', at },
};
const TEMPLATES = Object.keys(SAMPLES) as MailTemplate[];
const CASES = TEMPLATES.flatMap((template) => MAIL_LANGUAGES.map((locale) => [template, locale] as const));

const write = <Name extends MailTemplate>(template: Name, data: MailData[Name], locale = 'en') =>
  writeMail({ template, data, locale, appUrl });

describe('what mails say', () => {
  it.each(CASES)(
    '%s in %s: the same in text and in HTML, every word of its data (MAIL-8)',
    (template, locale) => {
      const { subject, text, html, language } = write(template, SAMPLES[template], locale);
      expect(language).toBe(locale);
      expect(html).toContain(`<html lang="${locale}">`);
      expect(subject).toMatch(/^\S.{5,80}$/);
      for (const said of [text, html]) {
        expect(said).toContain(template === 'company.invitation' ? 'Harbour Ltd' : 'Ada');
        expect(said).toContain('2026');
        expect(said).not.toMatch(/undefined|\[object|NaN/);
      }
    },
  );

  it.each<[MailTemplate, string]>([
    ['sign_in.new_device', 'https://app.test/#/sessions'],
    ['company.invitation', 'https://app.test/#/invitation/inv_s3cret'],
    ['export.ready', 'https://files.test/export?id=1&sig=2'],
  ])('%s leads to where it should (MAIL-8)', (template, link) => {
    const { text, html } = write(template, SAMPLES[template]);
    expect(text).toContain(`\n${link}\n`);
    expect(html).toContain(`href="${link.replace('&', '&amp;')}"`);
  });

  it('a sign-in names device and address, and no address that is none (MAIL-8)', () => {
    const data = SAMPLES['sign_in.new_device'];
    expect(write('sign_in.new_device', data).text).toContain('Address: 203.0.113.7');
    expect(write('sign_in.new_device', data).text).toContain('Device: Firefox on Linux');
    expect(write('sign_in.new_device', { ...data, address: 'evil <b>' }).text).not.toContain('Address');
  });

  it('the reader has his language where it is known, and English otherwise (MAIL-8)', () => {
    expect(['de', 'de-CH', 'DE_at', 'fr', undefined, ''].map(languageOf)).toEqual([
      'de',
      'de',
      'de',
      'en',
      'en',
      'en',
    ]);
  });

  it('an export leads into the application, whatever it names, unless to https (MAIL-5)', () => {
    const hrefOf = (url: string) =>
      /href="([^"]*)"/.exec(write('export.ready', { name: 'A', url, expires_at: at }).html)?.[1];
    expect(hrefOf('/exports/1')).toBe('https://app.test/exports/1');
    expect(hrefOf('javascript:alert(1)')).toMatch(/^https:\/\/app\.test\//);
    expect(hrefOf('//evil.test/x')).toMatch(/^https:\/\/app\.test\//);
    expect(hrefOf('http://evil.test/x')).toMatch(/^https:\/\/app\.test\//);
  });
});

describe('hostile words of people in mails', () => {
  const evil =
    'Eve\r\nBcc: all@x.test\r\n\r\n<script>alert(1)</script>" onload="x\u202Egnp.exe https://evil.test/login www.evil.test';

  it('are one line, no markup, nothing to click, and not long (MAIL-5)', () => {
    const letters = [
      write('sign_in.new_device', { name: evil, device: evil, address: evil, at }),
      write('company.invitation', {
        ...{ company: evil, inviter: evil, role: 'member', token: '"><img src=x>\r\n', expires_at: evil },
      }),
      write('export.ready', { name: evil, url: 'https://files.test/"><script>', expires_at: at }),
      write('erasure.confirmed', { name: evil, at }),
    ];
    for (const { subject, text, html } of letters) {
      expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u);
      expect(text).not.toMatch(/^Bcc:/m);
      expect(html).not.toMatch(/<script|<img|<[^>]*onload/i);
      for (const said of [text, html]) {
        expect(said).not.toContain('\u202e');
        expect(said).not.toMatch(/https:\/\/evil\.test|www\.evil|all@x\.test/);
      }
    }
    const long = write('company.invitation', {
      ...SAMPLES['company.invitation'],
      company: '🏠'.repeat(5_000),
    });
    expect(Array.from(long.subject).length).toBeLessThan(120);
  });
});
