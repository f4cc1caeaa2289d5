import * as z from 'zod/mini';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
/** Fields that every line of a service has: the file's name and the columns say them already. */
const COMMON = new Set(['level', 'time', 'pid', 'hostname', 'service', 'instance', 'name', 'msg']);

const logged = z.looseObject({
  level: z.number(),
  time: z.union([z.number(), z.string()]),
  msg: z.optional(z.string()),
});

/** A service's JSON log line as a person reads it; any other line as it is. */
export function readable(line: string): string {
  const parsed = logged.safeParse(parseJson(line));
  if (!parsed.success) return line;
  const { level, time, msg, ...rest } = parsed.data;
  const fields = Object.entries(rest)
    .filter(([key]) => !COMMON.has(key))
    .map(([key, value]) => `${key}=${brief(value)}`);
  const clock = new Date(time).toISOString().slice(11, 23);
  return [clock, (LEVELS[level] ?? String(level)).padEnd(5), msg ?? '', ...fields].join(' ').trimEnd();
}

/** An error by its message: its stack is in the log file (`./dev logs --json`). */
function brief(value: unknown): string {
  if (typeof value === 'string') return value;
  const isError = typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
  return isError ? JSON.stringify(value.message) : JSON.stringify(value);
}

function parseJson(line: string): unknown {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
