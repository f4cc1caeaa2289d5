import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import * as z from 'zod/mini';

const MAX_BYTES = 16 * 1024;
const ERROR_LEVEL = 50;

const logLine = z.object({
  level: z.number(),
  msg: z.optional(z.string()),
  err: z.optional(z.object({ message: z.optional(z.string()) })),
});

/** Why a process ended, as far as its output says, in one line. */
export function lastWords(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const logged = lines.map(loggedError).filter((line) => line !== undefined);
  const thrown = lines.find((line) => /^(Uncaught )?\w*Error\b.*: /.test(line));
  const spoken = lines.filter((line) => !/^(at |\^|Node\.js v|[{}])/.test(line));
  return logged.at(-1) ?? thrown ?? spoken.at(-1) ?? 'it said nothing';
}

function loggedError(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  const parsed = logLine.safeParse(parseJson(line));
  if (!parsed.success || parsed.data.level < ERROR_LEVEL) return undefined;
  const { msg, err } = parsed.data;
  return [msg, err?.message].filter((part, index, all) => part && all.indexOf(part) === index).join(': ');
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The end of a file from `offset` on, at most 16 KiB of it; nothing when the file was thrown away meanwhile. */
export function tailOf(file: string, offset: number): string {
  if (!existsSync(file)) return '';
  const handle = openSync(file, 'r');
  try {
    const start = Math.max(offset, fstatSync(handle).size - MAX_BYTES);
    const buffer = Buffer.alloc(MAX_BYTES);
    return buffer.subarray(0, readSync(handle, buffer, 0, MAX_BYTES, start)).toString('utf8');
  } finally {
    closeSync(handle);
  }
}
