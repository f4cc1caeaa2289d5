import { cleanName } from '../clean-text';
import { moment, type Template } from './template';

/** An https address stands as it is; everything else is a path of the application. */
function target(appUrl: string, url: string): string {
  const isSafe = URL.canParse(url) && new URL(url).protocol === 'https:';
  if (isSafe) return new URL(url).href;
  return new URL(`${appUrl}/${encodeURI(url.replace(/^[/\\]+/, ''))}`).href;
}

export const exportReady: Template<'export.ready'> = {
  en: ({ name, url, expires_at }, { appUrl }) => ({
    subject: 'Your export is ready',
    paragraphs: [
      `Hello ${cleanName(name)},`,
      `the copy of your data that you asked for is ready. You can get it until ${moment('en', expires_at)}.`,
    ],
    button: { label: 'Get the export', url: target(appUrl, url) },
    footer: 'You get this mail because an export of your data was asked for in your account.',
  }),
  de: ({ name, url, expires_at }, { appUrl }) => ({
    subject: 'Ihr Export ist bereit',
    paragraphs: [
      `Guten Tag ${cleanName(name)},`,
      `die gewünschte Kopie Ihrer Daten ist bereit. Sie können sie bis ${moment('de', expires_at)} abholen.`,
    ],
    button: { label: 'Export abholen', url: target(appUrl, url) },
    footer: 'Sie erhalten diese Nachricht, weil in Ihrem Konto ein Export Ihrer Daten verlangt wurde.',
  }),
};
