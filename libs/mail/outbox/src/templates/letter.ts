import { escapeHtml } from '../clean-text';

/** What a template makes of its data: text and HTML are both written from it, so that they say the same. */
export interface Letter {
  readonly subject: string;
  /** Clean lines, not escaped. */
  readonly paragraphs: readonly string[];
  /** Names and their values, each on a line of its own. */
  readonly facts?: readonly (readonly [name: string, value: string])[];
  readonly button?: { readonly label: string; readonly url: string };
  /** After the rest: why one gets this mail. */
  readonly footer: string;
}

export interface RenderedLetter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export function renderLetter(letter: Letter, language: string): RenderedLetter {
  return { subject: letter.subject, text: toText(letter), html: toHtml(letter, language) };
}

function toText({ paragraphs, facts = [], button, footer }: Letter): string {
  const blocks = [
    ...paragraphs,
    ...(facts.length > 0 ? [facts.map(([name, value]) => `${name}: ${value}`).join('\n')] : []),
    ...(button ? [`${button.label}:\n${button.url}`] : []),
    `-- \n${footer}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}

const STYLE =
  'font:16px/1.5 system-ui,sans-serif;color:#1b1f24;max-width:36rem;margin:2rem auto;padding:0 1rem';
const BUTTON = 'display:inline-block;padding:.6rem 1.2rem;border-radius:.4rem;background:#1f5fbf;color:#fff';

function toHtml({ subject, paragraphs, facts = [], button, footer }: Letter, language: string): string {
  const rows = facts.map(
    ([name, value]) => `<tr><th align="left">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return [
    '<!doctype html>',
    `<html lang="${escapeHtml(language)}"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>`,
    `<body style="${STYLE}">`,
    ...paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    ...(rows.length > 0 ? [`<table cellpadding="4">${rows.join('')}</table>`] : []),
    ...(button
      ? [`<p><a style="${BUTTON}" href="${escapeHtml(button.url)}">${escapeHtml(button.label)}</a></p>`]
      : []),
    `<hr><p style="font-size:13px;color:#57606a">${escapeHtml(footer)}</p>`,
    '</body></html>',
    '',
  ].join('\n');
}
