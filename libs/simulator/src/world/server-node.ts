import {
  type Committer,
  type CommitMetrics,
  type CommitterDeps,
  createCommitter,
  createPublisher,
} from '@state-server/commit';
import type { BraneId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { RecordStore } from '@state-server/persistence-records';
import {
  createGateway,
  type Gateway,
  type RealtimeLimits,
  type RealtimeMetrics,
  storeLogSource,
} from '@state-server/realtime';
import type { Coverage } from '../coverage';
import type { SimProcess } from '../kernel/sim-process';
import type { Report } from '../kernel/violation';
import type { SimHub, SimLink } from './bus';
import type { Database } from './database';
import type { Listener } from './network';
import type { SignIns } from './sign-ins';

/** What all processes of the installation share. */
export interface Installation {
  readonly database: Database;
  readonly hub: SimHub;
  readonly signIns: SignIns;
  readonly coverage: Coverage;
  readonly report: Report;
  /** Smaller than in production, so that a small world meets every bound. */
  readonly limits: Partial<RealtimeLimits>;
  readonly commit: Partial<Pick<CommitterDeps, 'replicaBytes' | 'rekeyedAtOnce'>>;
}

/** A process with a write path of its own: store, bus, committer, publisher, put together as libs/composition does it. */
export class WriterNode {
  readonly store: Store;
  readonly bus: SimLink;
  readonly committer: Committer;
  private readonly stopPublisher: () => void;

  constructor(
    readonly process: SimProcess,
    readonly installation: Installation,
    deliver: CommitterDeps['publish'] = () => undefined,
  ) {
    const { database, hub, commit } = installation;
    const { environment } = process;
    this.store = new RecordStore(database.connect(process), environment);
    this.bus = hub.connect(process);
    const publisher = createPublisher({ bus: this.bus, environment });
    this.stopPublisher = () => publisher.stop();
    this.committer = createCommitter({
      store: this.store,
      environment,
      // New at each start (SYNC L5).
      writerId: `${process.name}-${environment.ids.uuid()}`,
      metrics: commitMetrics(installation),
      ...commit,
      publish: (braneId, messages) => {
        if (!process.effect('publish')) {
          installation.coverage.count('crashes_before_publish');
          return;
        }
        deliver(braneId, messages);
        publisher.publish(braneId, messages);
      },
    });
  }

  /** As a process ends that was asked to. */
  async stop(): Promise<void> {
    await this.committer.drain();
    this.stopPublisher();
    await this.bus.close();
    this.process.die();
  }
}

/** A sync-gateway. */
export class GatewayNode extends WriterNode implements Listener {
  readonly gateway: Gateway;
  accepting = true;

  constructor(process: SimProcess, installation: Installation) {
    // Nothing is committed before the gateway is there.
    const own: { gateway?: Gateway } = {};
    super(process, installation, (braneId, messages) => own.gateway?.deliver(braneId, messages));
    const { signIns, coverage, limits, report } = installation;
    this.gateway = createGateway({
      source: storeLogSource(this.store, process.environment),
      committer: this.committer,
      bus: this.bus,
      authenticate: signIns.authenticateFor(process),
      revocations: signIns.revocationsFor(process),
      environment: process.environment,
      limits,
      metrics: realtimeMetrics(coverage),
      log: (_level, event, fields) => {
        if (event === 'realtime.frame.failed') report('SIM-13', `${event}: ${describe(fields['err'])}`);
        else if (isInternal(fields['err'])) report('SIM-13', `${event}: ${describe(fields['err'])}`);
      },
    });
    own.gateway = this.gateway;
  }

  accept(...[socket, format]: Parameters<Listener['accept']>): ReturnType<Listener['accept']> {
    return this.gateway.open(socket, { format, address: '127.0.0.1' });
  }

  async drain(): Promise<void> {
    this.accepting = false;
    await this.gateway.drain();
    await this.stop();
  }
}

function isInternal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 'internal';
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` <- ${describe(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function commitMetrics({ coverage, report }: Installation): CommitMetrics {
  return {
    committed: ({ entries }) => {
      coverage.count('commits');
      if (entries > 1) coverage.count('group_commits');
    },
    conflict: () => coverage.count('conflicts'),
    turnClaimed: () => coverage.count('turns'),
    clockSkew: () => coverage.count('clock_skews'),
    fault: (braneId: BraneId, error) => report('SIM-13', `the replica of ${braneId}: ${describe(error)}`),
  };
}

function realtimeMetrics(coverage: Coverage): RealtimeMetrics {
  return {
    gapFilled: (entries) => {
      coverage.count('gap_fills');
      coverage.count('gap_entries', entries);
    },
    joined: (mode) => coverage.count(mode === 'replay' ? 'joins_replay' : 'joins_snapshot'),
    fellBehind: () => coverage.count('fell_behind'),
  };
}
