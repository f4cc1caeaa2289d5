/** `NAME=value`, with `export` before it and quotes around the value where somebody likes them. */
const LINE = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;

export interface ConfigFile {
  readonly values: Readonly<Record<string, string>>;
  /** What is wrong with it; names lines, never what stands in them. */
  readonly problems: readonly string[];
}

/** Reads the text of a settings file: one `NAME=value` per line; `#` begins a comment line; a name stands once. */
export function parseConfigFile(text: string): ConfigFile {
  const values: Record<string, string> = {};
  const problems: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) problems.push(`line ${index + 1} is not NAME=value`);
    else if (Object.hasOwn(values, name)) problems.push(`${name} stands in it twice`);
    else values[name] = unquote(value);
  }
  return { values, problems };
}

function unquote(value: string): string {
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(value);
  return quoted?.[1] ?? quoted?.[2] ?? value;
}
