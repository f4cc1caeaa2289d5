/** Who mails are from: an address, and a name before it. */
export interface Sender {
  readonly name: string;
  readonly address: string;
}

/** `Name <address>` or an address alone; undefined when it is neither, or has a line break. */
export function parseSender(text: string): Sender | undefined {
  const named = /^([^<>"\r\n]*)<([^<>@\s,;]+@[^<>@\s,;]+)>$/.exec(text.trim());
  if (named) return { name: (named[1] ?? '').trim(), address: named[2] ?? '' };
  return /^[^<>@\s,;"]+@[^<>@\s,;"]+$/.test(text.trim()) ? { name: '', address: text.trim() } : undefined;
}
