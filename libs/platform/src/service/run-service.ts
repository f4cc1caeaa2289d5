import { StoreError } from '@state-server/persistence-port';
import type { Secrets } from '@state-server/secrets';
import {
  ConfigError,
  type ConfigOf,
  type ConfigSchema,
  type FieldTable,
  loadConfig,
  openConfigSecrets,
  type ServiceConfig,
} from '../config';
import { PortBusyError } from '../http/start-http-service';
import { createService, type Service } from './service';
import { watchSecrets } from './watch-secrets';

/** Exit codes: what whoever started the process can tell from them. */
export const EXIT = { crashed: 1, config: 2, portBusy: 3, store: 4 } as const;

const KEEP_ALIVE_MS = 2 ** 30;

export interface RunOptions<Fields extends FieldTable> {
  readonly config: ConfigSchema<Fields>;
  /** Opens what the service needs, registers how it is closed, and its door: see startHttpService. */
  readonly start: (service: Service<ConfigOf<Fields> & ServiceConfig>) => Promise<unknown>;
}

/**
 * The whole of a `main.ts`: settings, start, signals, end. What a person can mend (a setting, a port that is taken) is
 * one line and an exit code of its own, without a stack. SIGTERM and SIGINT end it in good order, a second one at once.
 */
export async function runService<Fields extends FieldTable>(options: RunOptions<Fields>): Promise<void> {
  // Timers of the environment hold nothing alive: a start that waits for one (a conflict on a new store) must not end here.
  setInterval(() => undefined, KEEP_ALIVE_MS);
  const settings = await settingsOrExit(options.config);
  if (!settings) return;
  const { config, secrets } = settings;
  const service = createService({ config, secrets });
  watchSecrets(service, secrets, options.config.fields);
  const { log } = service;
  let ending = false;
  const end = (signal: string): void => {
    if (ending) process.exit(EXIT.crashed);
    ending = true;
    log.info('service.signal', { signal });
    void service.close().then(() => process.exit(0));
  };
  const crash = (event: string, error: unknown): void => {
    log.fatal(event, { err: error });
    process.exit(EXIT.crashed);
  };
  // Libraries write there, too: on a full disk that fails, and is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('uncaughtException', (error) => crash('process.uncaught_exception', error));
  process.on('unhandledRejection', (error) => crash('process.unhandled_rejection', error));
  try {
    await options.start(service);
  } catch (error) {
    if (error instanceof PortBusyError) say(service.name, error.message, EXIT.portBusy);
    else if (error instanceof ConfigError) sayProblems(service.name, error);
    else if (error instanceof StoreError) say(service.name, `the store: ${error.message}`, EXIT.store);
    else crash('service.start_failed', error);
  }
}

interface Settings<Config> {
  readonly config: Config;
  readonly secrets: Secrets;
}

async function settingsOrExit<Fields extends FieldTable>(
  schema: ConfigSchema<Fields>,
): Promise<Settings<ConfigOf<Fields> & ServiceConfig> | undefined> {
  try {
    const secrets = await openConfigSecrets(schema.fields, process.env);
    // Every app spreads the common fields into its table.
    const config = loadConfig(schema, process.env, { secrets }) as ConfigOf<Fields> & ServiceConfig;
    return { config, secrets };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    sayProblems(schema.fields['SERVICE_NAME']?.default ?? 'service', error);
    return undefined;
  }
}

function sayProblems(service: string, error: ConfigError): void {
  say(service, error.problems.join(`\n${service}: `), EXIT.config);
}

function say(service: string, line: string, code: number): void {
  process.stderr.write(`${service}: ${line}\n`, () => process.exit(code));
}
