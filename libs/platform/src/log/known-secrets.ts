/**
 * The secrets that this process holds, so that a line that repeats one hides it, whoever wrote it: a driver that puts its
 * whole configuration into the message of an error, say. Names and forms (redact.ts) cannot know these.
 */
const known = new Set<string>();

/** Below it, texts that have nothing to do with it would be spoiled. */
const SHORTEST = 8;
const HIDDEN = '[redacted]';

/** From now on no log line of this process holds this setting's value, nor a part of it that is a secret by itself. */
export function hideSecret(value: string): void {
  for (const part of partsOf(value)) if (part.length >= SHORTEST) known.add(part);
}

export function hideKnown(text: string): string {
  let hidden = text;
  for (const secret of known) if (hidden.includes(secret)) hidden = hidden.replaceAll(secret, HIDDEN);
  return hidden;
}

const URL_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^/@\s]+)@/i;
const PRIVATE_FIELD = /"(?:private_?key|secret|password)"\s*:\s*"((?:[^"\\]|\\.)*)"/gi;

/** A URL is none but for its password, a list is its items, a key is the lines of its body. */
function partsOf(value: string): string[] {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
    const password = URL_PASSWORD.exec(value)?.[1];
    return password === undefined ? [] : [password, unescapedUrl(password)];
  }
  if (value.trimStart().startsWith('{')) {
    return [...value.matchAll(PRIVATE_FIELD)].flatMap(([, inner = '']) => linesOf(inner));
  }
  return [value, ...value.split(',').map((part) => part.trim()), ...linesOf(value)];
}

function linesOf(text: string): string[] {
  return text
    .split(/\\n|[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('-----'));
}

function unescapedUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
