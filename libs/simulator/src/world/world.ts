import type { BraneId, UserId } from '@state-server/domain';
import { asUserId } from '@state-server/domain';
import type { RealtimeLimits } from '@state-server/realtime';
import { Coverage } from '../coverage';
import { Dice } from '../kernel/dice';
import { Scheduler } from '../kernel/scheduler';
import { type Calendar, SimProcess } from '../kernel/sim-process';
import { type InvariantId, Violation } from '../kernel/violation';
import { SocketWatch } from '../oracle/socket-watch';
import { StoreWatch } from '../oracle/store-watch';
import { Device } from '../people/device';
import { Promises } from '../people/promises';
import type { Plan } from '../plan';
import { SimHub } from './bus';
import { Database } from './database';
import { Network } from './network';
import { GatewayNode, type Installation, WriterNode } from './server-node';
import { SignIns } from './sign-ins';
import { fairWeather, type Weather } from './weather';

/** Skews that a machine's clock may have, ms: mostly none, sometimes more than the 30 s of SYNC L4. */
const SKEWS = [0, 0, -40, 200, -3_000, 45_000] as const;

/** The whole installation and everybody who uses it, in one process and under one clock. */
export class World {
  readonly scheduler = new Scheduler();
  readonly coverage = new Coverage();
  readonly weather: Weather = fairWeather();
  readonly calendar: Calendar = { aheadMs: 0 };
  readonly dice: Dice;
  readonly users: readonly UserId[];
  readonly branes: BraneId[] = [];
  readonly network: Network;
  readonly hub: SimHub;
  readonly store: StoreWatch;
  readonly promises: Promises;
  readonly signIns: SignIns;
  readonly gateways: (GatewayNode | undefined)[];
  readonly devices: (Device | undefined)[];
  api: WriterNode | undefined;
  jobs: WriterNode | undefined;
  violation: Violation | undefined;
  /** Requests that may still be repeated, and work that forgets what was done: not at the same time (SYNC I4). */
  readonly openRequests = new Set<{ readonly process: SimProcess }>();
  readonly openForgetting = new Set<{ readonly process: SimProcess }>();
  private readonly installation: Installation;
  private readonly userOfProcess = new Map<SimProcess, UserId>();
  private born = 0;

  constructor(readonly plan: Plan) {
    const dice = new Dice(`world ${plan.seed}`);
    const { scheduler, coverage, weather } = this;
    this.dice = dice;
    const report = this.report;
    weather.bus.subscribeMs = dice.of(6, 100, 400);
    const database = new Database(
      scheduler,
      dice.fork('store'),
      { isolation: plan.isolation, outcomeCanBeUnknown: plan.kinds.has('unknown') },
      weather.store,
      coverage,
    );
    this.hub = new SimHub(scheduler, dice.fork('bus'), weather.bus, coverage);
    this.network = new Network(scheduler, dice.fork('net'), weather.net, coverage);
    this.store = new StoreWatch({ database, scheduler, dice: dice.fork('watch'), coverage, report });
    const sockets = new SocketWatch(
      this.store,
      ({ client }) => this.userOfProcess.get(client),
      coverage,
      report,
    );
    this.network.watch = sockets;
    this.hub.onPublish = (channel, payload) => sockets.published(channel, payload);
    this.network.listeners = () => this.gateways.filter((node) => node !== undefined);
    this.promises = new Promises(this.store, coverage, report);
    this.signIns = new SignIns(dice.fork('sign-ins'), weather, dice.of(65, 90, 600));
    const { signIns, hub } = this;
    const commit = { replicaBytes: dice.of(20_000, 1_000_000), rekeyedAtOnce: dice.of(0, 2, 4, 1_000) };
    this.installation = { database, hub, signIns, coverage, report, limits: limitsOf(dice), commit };
    const users = Math.max(2, Math.ceil(plan.clients * 0.7));
    this.users = Array.from({ length: users }, () => asUserId(dice.uuid()));
    this.gateways = Array.from({ length: plan.gateways }, () => undefined);
    this.devices = Array.from({ length: plan.clients }, () => undefined);
  }

  readonly report = (invariant: InvariantId, what: string): void => {
    if (this.violation) return;
    this.violation = new Violation(invariant, what);
    this.scheduler.stop(this.violation);
  };

  /** Every process has a name that no other one had before it. */
  process(kind: string): SimProcess {
    this.born += 1;
    const name = `${kind}-${this.born}`;
    const dice = this.dice.fork(name);
    const skewMs = this.plan.kinds.has('skew') ? (dice.pick(SKEWS) ?? 0) : 0;
    return new SimProcess(name, this.scheduler, dice, { skewMs, calendar: this.calendar });
  }

  startGateway(index: number): GatewayNode {
    const node = new GatewayNode(this.process('gateway'), this.installation);
    this.gateways[index] = node;
    this.restartWhenDead(
      node.process,
      () => this.gateways[index] === node,
      () => this.startGateway(index),
    );
    return node;
  }

  startApi(): WriterNode {
    const node = new WriterNode(this.process('api'), this.installation);
    this.api = node;
    this.restartWhenDead(
      node.process,
      () => this.api === node,
      () => this.startApi(),
    );
    return node;
  }

  startJobs(): WriterNode {
    const node = new WriterNode(this.process('jobs'), this.installation);
    this.jobs = node;
    this.restartWhenDead(
      node.process,
      () => this.jobs === node,
      () => this.startJobs(),
    );
    return node;
  }

  startDevice(index: number): Device {
    const { network, promises, report } = this;
    this.devices[index]?.close();
    const process = this.process('device');
    const userId = this.users[index % this.users.length] ?? asUserId('');
    const format = process.dice.chance(0.3) ? 'json' : 'cbor';
    const tokens = this.signIns.signIn(userId, this.api?.process ?? process);
    this.userOfProcess.set(process, userId);
    const http = { ...this.httpWorld(), report };
    const device = new Device(process, userId, format, tokens, { network, http, promises, report });
    this.devices[index] = device;
    return device;
  }

  /** Whoever was signed out for good signs in again, and goes on where he was. */
  signInAgain(device: Device): void {
    device.client.useTokens(this.signIns.signIn(device.userId, this.api?.process ?? device.process));
    device.client.connect();
  }

  liveDevices(): Device[] {
    return this.devices.filter((device) => device !== undefined);
  }

  private httpWorld(): Omit<ConstructorParameters<typeof Device>[4]['http'], 'report'> {
    return {
      dice: this.dice.fork('http'),
      weather: this.weather.net,
      coverage: this.coverage,
      signIns: this.signIns,
      offline: this.network.offline,
      doors: () => (this.api ? [this.api] : []),
    };
  }

  private restartWhenDead(process: SimProcess, isCurrent: () => boolean, start: () => void): void {
    process.onDeath(() => {
      this.scheduler.after(this.dice.between(20, 2_500), 'world.restart', () => {
        if (!isCurrent()) return;
        this.coverage.count('restarts');
        start();
      });
    });
  }
}

/** Small enough that a small world meets each of them; times are shorter, in proportion, than in production. */
function limitsOf(dice: Dice): Partial<RealtimeLimits> {
  const small = {
    heartbeat_ms: 3_000,
    silence_ms: 9_000,
    refresh_grace_ms: 3_000,
    stuck_ms: 4_000,
    heads_ms: 8_000,
    room_linger_ms: dice.of(50, 500, 10_000),
    tail_entries: dice.of(3, 20, 1_024),
    log_page_entries: dice.of(2, 7, 200),
    replay_entries: dice.of(3, 25, 5_000),
    catch_up_entries: dice.of(8, 40, 20_000),
    snapshot_shared_entries: dice.of(0, 10, 2_000),
    held_entries: dice.of(2, 4_096),
    edits_per_batch: dice.of(1, 4, 64),
  };
  if (dice.chance(0.5)) return small;
  return {
    ...small,
    socket_bytes: 1_500,
    outbox_bytes: dice.of(1_500, 5_000),
    write_bytes: dice.of(700, 262_144),
  };
}
