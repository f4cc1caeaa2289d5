import {
  type Committer,
  forkOperation,
  type HistoryDeps,
  type OperationKind,
  operationKinds,
  REKEY_QUEUE,
  restoreOperation,
} from '@state-server/commit';
import { announceWrites, openBus, openCommitter, openMailer, openStore } from '@state-server/composition';
import { openActivityMeter } from '@state-server/features-analytics';
import { demoteKind } from '@state-server/features-object';
import { reachCompanyKind } from '@state-server/features-company';
import { upgradeInstancesKind } from '@state-server/features-prototype';
import { type CheckpointWork, rekeyBrane, settleOutbox } from '@state-server/features-upkeep';
import { userDeletion, type UserOperationDeps } from '@state-server/features-user';
import { announceRevocation } from '@state-server/identity';
import {
  type ConfigOf,
  type HttpService,
  type Service,
  type ServiceConfig,
  startHttpService,
} from '@state-server/platform';
import type { Store } from '@state-server/persistence-port';
import { createBullMqQueue } from '@state-server/queue-bullmq';
import type { Queue, QueueEvents } from '@state-server/queue-port';
import { AppModule } from './app.module';
import type { config } from './config';
import { OperationsLoop } from './operations';
import { MailLoop } from './mails';
import { Runner } from './runner';
import { periodicTasks } from './tasks';

const UPKEEP = 'upkeep';

type CheckpointTold = Pick<CheckpointWork, 'onOutcome' | 'onFailure'>;

export type JobsRunnerConfig = ConfigOf<(typeof config)['fields']> & ServiceConfig;

/** Wires jobs-runner: schedules of upkeep, and the queues of work that transactions have asked for. */
export async function start(service: Service<JobsRunnerConfig>): Promise<HttpService> {
  const { config: settings, environment, log, metrics } = service;
  const opened = await openStore(service);
  const bus = openBus(service);
  const store = announceWrites(service, { store: opened, bus });
  const meter = openActivityMeter(service, store);
  const committer = openCommitter(service, {
    ...{ store, bus },
    // The server's own work is no sign of life, but may have deleted or purged what is listed.
    onCommitted: (braneId) => meter.edited(braneId, 0),
  });
  const upkeep = openQueue(service, UPKEEP);
  const queues: Readonly<Record<string, Queue>> = { [REKEY_QUEUE]: openQueue(service, REKEY_QUEUE) };

  queues[REKEY_QUEUE]?.process(async (work) => {
    const steps = await rekeyBrane({ committer }, work.payload, work.signal);
    await settleOutbox(store, work.id);
    return { steps };
  });
  const enqueue = async (
    queue: string,
    id: string,
    payload: Readonly<Record<string, unknown>>,
  ): Promise<void> => {
    const target = queues[queue];
    if (!target) throw new Error(`the outbox names a queue that nobody serves: ${queue}`);
    await target.enqueue(id, payload);
  };
  const tasks = periodicTasks(
    {
      ...{ store, environment, committer, enqueue, ...tellOfCheckpoints(service) },
      announce: (revocation) => {
        announceRevocation(bus, revocation);
      },
    },
    settings,
  );
  const runner = new Runner({ queue: upkeep, tasks, environment, log, metrics });
  runner.start();
  const operations = new OperationsLoop({
    ...{ store, environment, bus, log, metrics },
    kinds: operationKinds(kindsOfOperations({ store, environment, committer })),
    runner: `${service.instance}-${environment.ids.uuid()}`,
  });
  operations.start();
  startMails(service, store);
  service.onStopAccepting('operations', () => operations.stop());
  service.onStopAccepting('runner', () => {
    runner.stop();
  });
  return startHttpService(service, { module: AppModule });
}

/** Sends e-mails, as the settings say; without a way out they wait in the store. */
function startMails(service: Service<JobsRunnerConfig>, store: Store): void {
  const { config: settings, environment, log, metrics } = service;
  const { SMTP_USERNAME: user, SMTP_PASSWORD: pass } = settings;
  const mailer = openMailer(service, settings, () =>
    user === undefined || pass === undefined ? undefined : { user, pass },
  );
  if (!mailer) {
    log.warn('mail.off');
    return;
  }
  const mails = new MailLoop({
    ...{ store, environment, log, metrics, mailer },
    appUrl: settings.MAIL_APP_URL,
    domain: settings.MAIL_FROM.address.split('@').at(-1) ?? 'localhost',
    sender: `${service.instance}-${environment.ids.uuid()}`,
  });
  mails.start();
  service.onStopAccepting('mails', () => mails.stop());
}

/** Every kind of long work that this process can do: a feature's own goes here. */
function kindsOfOperations(
  deps: UserOperationDeps & HistoryDeps & { readonly store: Store; readonly committer: Committer },
): readonly OperationKind[] {
  return [
    restoreOperation(deps),
    forkOperation(deps),
    upgradeInstancesKind(deps),
    demoteKind(deps),
    userDeletion(deps),
    reachCompanyKind(deps),
  ];
}

function openQueue(service: Service<JobsRunnerConfig>, name: string): Queue {
  const { log, config: settings, health } = service;
  const events: QueueEvents = {
    // Upkeep tells of its runs itself; the rest is work that somebody asked for.
    done: (queue, id, result, ms) =>
      log.log(queue === UPKEEP ? 'debug' : 'info', 'queue.work.done', { queue, id, result, ms }),
    failed: (queue, id, error, attempt) => log.warn('queue.work.failed', { queue, id, attempt, err: error }),
    linkError: (queue, error) => log.debug('queue.link.error', { queue, err: error }),
  };
  const queue = createBullMqQueue({ url: settings.REDIS_URL, name, events });
  health.register(`queue ${name}`, () =>
    queue.connected ? undefined : { status: 'degraded', message: 'Redis is away: work waits in the outbox.' },
  );
  service.onStopAccepting(`queue ${name}`, () => queue.close());
  return queue;
}

function tellOfCheckpoints({ log, metrics }: Service<JobsRunnerConfig>): CheckpointTold {
  const outcomes = metrics.counter({
    name: 'checkpoints_total',
    help: 'Looks at a brane for a new checkpoint, by what came of them.',
    labels: ['outcome'],
  });
  const seconds = metrics.histogram({
    name: 'checkpoint_build_seconds',
    help: 'Duration of a build.',
    labels: [],
  });
  return {
    onOutcome: (braneId, outcome, ms) => {
      outcomes.inc({ outcome: outcome.kind });
      if (outcome.kind !== 'built') return;
      seconds.observe({}, ms / 1_000);
      log.info('checkpoint.built', { brane_id: braneId, ms, ...outcome });
    },
    onFailure: (braneId, error) => {
      outcomes.inc({ outcome: 'failed' });
      log.warn('checkpoint.failed', { brane_id: braneId, err: error });
    },
  };
}
