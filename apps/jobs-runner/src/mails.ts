import type { Environment, TimerHandle } from '@state-server/domain';
import { dueMails, type SendDeps, sendMail } from '@state-server/mail';
import type { Logger, Metrics } from '@state-server/platform';

/** How often it is looked for mails that are due, ms. */
const LOOK_MS = 1_000;
/** Mails that this process sends at the same time. */
const AT_ONCE = 4;

export interface MailsDeps extends Omit<SendDeps, 'clock'> {
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Sends what is due, again and again. Any number of processes may do so at once: each mail is claimed. */
export class MailLoop {
  private readonly outcomes;
  private readonly deps: MailsDeps & SendDeps;
  private timer: TimerHandle | undefined;
  private looking: Promise<void> | undefined;
  private stopped = false;

  constructor(deps: MailsDeps) {
    this.deps = { ...deps, clock: deps.environment.clock };
    this.outcomes = deps.metrics.counter({
      name: 'mails_total',
      help: 'Attempts to send an e-mail, by what came of them; `dead`: given up.',
      labels: ['outcome'],
    });
  }

  start(): void {
    if (this.stopped) return;
    this.looking = this.look().finally(() => {
      this.looking = undefined;
      if (this.stopped) return;
      this.timer = this.deps.environment.timers.set(LOOK_MS, () => {
        this.start();
      });
    });
  }

  /** Begins no other mail; those that are under way end within the deadline of one attempt. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== undefined) this.deps.environment.timers.clear(this.timer);
    await this.looking;
    await this.deps.mailer.close();
  }

  private async look(): Promise<void> {
    const { store, clock, log } = this.deps;
    try {
      for (;;) {
        const due = await dueMails(store, clock.now(), AT_ONCE);
        const sent = await Promise.all(due.map((key) => this.send(key)));
        // Whoever is told to stop leaves the rest; what only others could do is left to them.
        if (this.stopped || !sent.includes(true)) return;
      }
    } catch (error) {
      log.warn('mail.look.failed', { err: error });
    }
  }

  /** True when something came of it. Neither address nor content is ever in a log. */
  private async send(key: string): Promise<boolean> {
    const { log } = this.deps;
    try {
      const outcome = await sendMail(this.deps, key);
      this.outcomes.inc({ outcome });
      if (outcome === 'dead') log.error('mail.dead', { mail: key });
      else if (outcome === 'later') log.warn('mail.later', { mail: key });
      return outcome !== 'taken';
    } catch (error) {
      this.outcomes.inc({ outcome: 'failed' });
      log.warn('mail.failed', { mail: key, err: error });
      return false;
    }
  }
}
