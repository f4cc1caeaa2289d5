/** Line breaks and other controls (Cc), what turns or hides writing (Cf), separators: nothing of it belongs into one line. */
const UNWANTED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;
const LONE_SURROGATE = /\p{Surrogate}/gu;
/** Programs make links of what looks like an address; a break that is not seen keeps names of people from being links. */
const LINK_JOINT = /([.:/@])(?=[^\s])/gu;
const UNSEEN_BREAK = '\u200b';

/** What others wrote, as one harmless line: no control, no turned writing, nothing that a reader could click, and not long. */
export function cleanName(value: string, maxChars = 80): string {
  return cleanLine(value, maxChars).replace(LINK_JOINT, `$1${UNSEEN_BREAK}`);
}

/** One line without controls, cut to so many characters. */
export function cleanLine(value: string, maxChars: number): string {
  const line = Array.from(
    value.replace(LONE_SURROGATE, '\ufffd').replace(UNWANTED, ' ').replace(/\s+/gu, ' ').trim(),
  );
  return line.length > maxChars ? `${line.slice(0, maxChars - 1).join('')}…` : line.join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
