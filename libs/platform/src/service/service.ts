import { hostname } from 'node:os';
import type { Environment } from '@state-server/domain';
import { fixedSecrets, type SecretSource } from '@state-server/secrets';
import type { ServiceConfig } from '../config';
import { withDeadline } from '../deadline';
import { Health } from '../health/health';
import { createLogger, type Logger } from '../log/logger';
import { createMetrics, type Metrics } from '../metrics';
import { environmentWithOffset, realEnvironment } from '../real-environment';

type Step = () => void | Promise<void>;

/** One running process of a service: what its parts share, and how it ends. */
export interface Service<Config extends ServiceConfig = ServiceConfig> {
  readonly name: string;
  readonly instance: string;
  readonly config: Config;
  readonly environment: Environment;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Where sensitive settings come from, for those that may change while the process runs: see `liveSetting`. */
  readonly secrets: SecretSource;
  /** When the process is to end: takes nothing new and lets finish what is under way. All of these run at once. */
  onStopAccepting(what: string, step: Step): void;
  /** After that: gives back what was opened. The last one opened is the first one closed. */
  onClose(what: string, step: Step): void;
  /**
   * Not ready any more → a pause for whoever routes to us (DRAIN_DELAY_MS) → stop accepting → close. Each step has its
   * share of SHUTDOWN_TIMEOUT_MS; one that fails or hangs is logged and passed over. Runs once.
   */
  close(): Promise<void>;
}

export interface ServiceOptions<Config extends ServiceConfig> {
  readonly config: Config;
  /** Default: this machine's. */
  readonly environment?: Environment;
  /** Default: lines of JSON on standard output. */
  readonly log?: Logger;
  /** Default: none; what the settings hold stays as it is. */
  readonly secrets?: SecretSource;
  /** Default true; tests that make many services leave the process's own metrics out. */
  readonly processMetrics?: boolean;
}

export function createService<Config extends ServiceConfig>(
  options: ServiceOptions<Config>,
): Service<Config> {
  const { config } = options;
  const environment = environmentWithOffset(options.environment ?? realEnvironment, config.CLOCK_OFFSET_MS);
  const name = config.SERVICE_NAME;
  const instance = config.INSTANCE_ID ?? `${hostname()}-${process.pid}`;
  const log = options.log ?? createLogger({ service: name, instance, level: config.LOG_LEVEL });
  const health = new Health({ service: name, environment, log });
  if (config.CLOCK_OFFSET_MS !== 0) log.warn('service.clock_offset', { ms: config.CLOCK_OFFSET_MS });
  const ending = new Ending(config, environment, log, health);
  return {
    name,
    instance,
    config,
    environment,
    log,
    metrics: createMetrics({ service: name, instance, ofProcess: options.processMetrics ?? true }),
    health,
    secrets: options.secrets ?? fixedSecrets(),
    onStopAccepting: (what, step) => ending.accepting.push({ what, step }),
    onClose: (what, step) => ending.open.push({ what, step }),
    close: () => ending.run(),
  };
}

interface NamedStep {
  readonly what: string;
  readonly step: Step;
}

/** Shares of the time that stopping and closing may take together. */
const STOP_SHARE = 0.7;

class Ending {
  readonly accepting: NamedStep[] = [];
  readonly open: NamedStep[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly config: ServiceConfig,
    private readonly environment: Environment,
    private readonly log: Logger,
    private readonly health: Health,
  ) {}

  run(): Promise<void> {
    this.running ??= this.end();
    return this.running;
  }

  private async end(): Promise<void> {
    const { DRAIN_DELAY_MS: pauseMs, SHUTDOWN_TIMEOUT_MS: totalMs } = this.config;
    this.health.drain();
    this.log.info('service.draining', { delay_ms: pauseMs });
    if (pauseMs > 0) {
      await new Promise<void>((resolve) => void this.environment.timers.set(pauseMs, resolve));
    }
    const stopMs = Math.max(1, totalMs * STOP_SHARE);
    await Promise.all(this.accepting.map((step) => this.attempt('service.stop', step, stopMs)));
    const closeMs = Math.max(1, totalMs - stopMs);
    for (const step of this.open.reverse()) await this.attempt('service.close', step, closeMs);
    this.log.info('service.closed');
  }

  private async attempt(event: string, { what, step }: NamedStep, ms: number): Promise<void> {
    try {
      await withDeadline(async () => step(), ms, `${event}.${what}`, this.environment.timers);
    } catch (error) {
      this.log.error(`${event}.failed`, { what, err: error });
    }
  }
}
