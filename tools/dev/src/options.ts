import type { MailOptions } from './commands/mail';
import type { TypesOptions } from './commands/types';
import { resolve } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UserError } from './user-error';
import { ROOT } from './workspace';

export const DEFAULT_PORT = 4000;
/** The highest port of a plan is the origin's plus this. */
export const PORT_SPAN = 90;
export const MAX_GATEWAYS = 30;
/** Of Linux on 64 bits; other systems stay below. */
const MAX_PID = 4_194_304;

export interface UpOptions {
  readonly port: number;
  readonly gateways: number;
  readonly detach: boolean;
  readonly dataDir: string;
  /** Folder with a settings file per process (`<name>.env`, read below the environment whenever the process starts). */
  readonly settingsDir: string | undefined;
  /** Ends by itself when the process with this pid has gone: for tests and benchmarks, which may be killed. */
  readonly whilePid: number | undefined;
}

/** Which run is meant: the one whose state lies in the folder, and if a port is given, only if it has that origin. */
export interface Where {
  readonly dataDir: string;
  readonly port: number | undefined;
}

export interface LogOptions {
  readonly service: string | undefined;
  readonly lines: number;
  readonly follow: boolean;
  readonly json: boolean;
  readonly dataDir: string;
}

export type Command =
  | { readonly name: 'up'; readonly options: UpOptions }
  | { readonly name: 'down'; readonly where: Where }
  | { readonly name: 'status'; readonly json: boolean; readonly where: Where }
  | { readonly name: 'logs'; readonly options: LogOptions }
  | { readonly name: 'reset'; readonly yes: boolean; readonly dataDir: string }
  | { readonly name: 'test'; readonly pattern: string | undefined }
  | { readonly name: 'audit' | 'check' }
  | { readonly name: 'mail'; readonly options: MailOptions }
  | { readonly name: 'types'; readonly options: TypesOptions }
  | { readonly name: 'demo' | 'bench' | 'keys' | 'store'; readonly args: readonly string[] };

const data = { data: { type: 'string', default: '.data' } } as const;
const where = { ...data, port: { type: 'string' } } as const;
export const dataDirOf = (folder: string): string => resolve(ROOT, folder);

/** @throws UserError with one line that says what is wrong and where to read more */
export function parseCommand(argv: readonly string[]): Command {
  const [name, ...args] = argv;
  switch (name) {
    case 'up':
      return { name, options: parseUp(args) };
    case 'down':
      return { name, where: whereOf(parse(args, where).values) };
    case 'status': {
      const { values } = parse(args, { ...where, json: { type: 'boolean', default: false } });
      return { name, json: values.json, where: whereOf(values) };
    }
    case 'logs':
      return { name, options: parseLogs(args) };
    case 'reset': {
      const { values } = parse(args, { ...data, yes: { type: 'boolean', short: 'y', default: false } });
      return { name, yes: values.yes, dataDir: dataDirOf(values.data) };
    }
    case 'test':
      return { name, pattern: parse(args, {}, 1).positionals[0] };
    case 'audit':
    case 'check':
      parse(args, {});
      return { name };
    case 'mail':
      return { name, options: parseMail(args) };
    case 'types':
      return { name, options: parseTypes(args) };
    case 'demo':
    case 'bench':
    case 'keys':
    case 'store':
      return { name, args };
    default:
      throw new UserError(`./dev knows no command '${name ?? ''}'; ./dev help lists them.`);
  }
}

function whereOf(values: { data: string; port?: string | undefined }): Where {
  return {
    dataDir: dataDirOf(values.data),
    port: values.port === undefined ? undefined : portOf(values.port),
  };
}

export const portOf = (text: string): number => whole('--port', text, 1024, 65_535 - PORT_SPAN);

function parseTypes(args: readonly string[]): TypesOptions {
  const text = { type: 'string' } as const;
  const { values } = parse(args, {
    prototype: text,
    token: text,
    out: text,
    origin: { type: 'string', default: `http://127.0.0.1:${DEFAULT_PORT}` },
  });
  const { prototype, origin, token, out } = values;
  if (prototype === undefined) throw new UserError('./dev types needs --prototype ID or ID@VERSION.');
  return { prototype, origin, token, out };
}

function parseMail(args: readonly string[]): MailOptions {
  const { values, positionals } = parse(args, data, 1);
  const [number] = positionals;
  return {
    dataDir: dataDirOf(values.data),
    number: number === undefined ? undefined : whole('the number of a mail', number, 1, 1_000_000),
  };
}

function parseUp(args: readonly string[]): UpOptions {
  const { values } = parse(args, {
    ...data,
    detach: { type: 'boolean', short: 'd', default: false },
    gateways: { type: 'string', default: '2' },
    port: { type: 'string', default: String(DEFAULT_PORT) },
    settings: { type: 'string' },
    while: { type: 'string' },
  });
  return {
    detach: values.detach,
    gateways: whole('--gateways', values.gateways, 1, MAX_GATEWAYS),
    port: portOf(values.port),
    dataDir: dataDirOf(values.data),
    settingsDir: values.settings === undefined ? undefined : dataDirOf(values.settings),
    whilePid: values.while === undefined ? undefined : whole('--while', values.while, 1, MAX_PID),
  };
}

function parseLogs(args: readonly string[]): LogOptions {
  const { values, positionals } = parse(
    args,
    {
      ...data,
      lines: { type: 'string', short: 'n', default: '100' },
      follow: { type: 'boolean', short: 'f', default: false },
      json: { type: 'boolean', default: false },
    },
    1,
  );
  return {
    service: positionals[0],
    lines: whole('--lines', values.lines, 1, 1_000_000),
    follow: values.follow,
    json: values.json,
    dataDir: dataDirOf(values.data),
  };
}

function parse<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
  maxPositionals = 0,
): ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>> {
  const result = attempt(() => parseArgs({ args: [...args], options, allowPositionals: true, strict: true }));
  const extra = result.positionals[maxPositionals];
  if (extra !== undefined)
    throw new UserError(`unexpected argument '${extra}'; ./dev help lists what there is.`);
  return result;
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const [reason = 'bad arguments'] = (error instanceof Error ? error.message : String(error)).split(/\.\s/);
    throw new UserError(`${reason}; ./dev help lists what there is.`);
  }
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UserError(`${option} takes a whole number from ${min} to ${max}, not '${text}'.`);
  }
  return value;
}
