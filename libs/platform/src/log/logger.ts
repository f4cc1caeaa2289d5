import { type DestinationStream, type Logger as Pino, pino } from 'pino';
import { descriptorOutput } from './descriptor-output';
import { currentContext } from './request-context';
import { redact } from './redact';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
/** snake_case; an error goes into `err`. Secrets are hidden by name and by form, but better left out. */
export type LogFields = Readonly<Record<string, unknown>>;
type Write = (event: string, fields?: LogFields) => void;

/** One event name per fact (`brane.commit.conflict`); what is known about it goes into fields, not into sentences. */
export interface Logger {
  readonly trace: Write;
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
  /** The level as an argument: the form that libraries without a logger of their own are given. */
  log(level: LogLevel, event: string, fields?: LogFields): void;
  /** The same log, with these fields on every line. */
  child(fields: LogFields): Logger;
}

export interface LoggerOptions {
  readonly service: string;
  readonly instance: string;
  readonly level: LogLevel | 'silent';
  /** Default: the file descriptor. */
  readonly to?: DestinationStream;
  /** Default: 1, standard output. */
  readonly fd?: number;
}

/** Lines of JSON: `level` (pino's number), `time`, `service`, `instance`, `msg` (the event), request and trace id, fields. */
export function createLogger(options: LoggerOptions): Logger {
  const { service, instance, level } = options;
  const sink = pino(
    {
      level,
      base: { service, instance },
      timestamp: timeField,
      mixin: contextFields,
    },
    options.to ?? descriptorOutput(options.fd ?? 1),
  );
  return wrap(sink);
}

/** A log that nobody reads, for tests. */
export function silentLogger(): Logger {
  return createLogger({ service: 'none', instance: 'none', level: 'silent', to: { write: () => undefined } });
}

let timedAt = Number.NaN;
let timed = '';

/** Many lines are of one millisecond. */
function timeField(): string {
  const now = Date.now();
  if (now !== timedAt) {
    timedAt = now;
    timed = `,"time":"${new Date(now).toISOString()}"`;
  }
  return timed;
}

function contextFields(): Record<string, unknown> {
  const context = currentContext();
  return context ? { request_id: context.request_id, trace_id: context.trace.trace_id } : {};
}

function wrap(sink: Pino): Logger {
  const write = (level: LogLevel, event: string, fields?: LogFields): void => {
    if (!sink.isLevelEnabled(level)) return;
    sink[level](fields === undefined ? {} : redact(fields), event);
  };
  const at =
    (level: LogLevel): Write =>
    (event, fields) =>
      write(level, event, fields);
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    log: write,
    child: (fields) => wrap(sink.child(redact(fields) as Record<string, unknown>)),
  };
}
