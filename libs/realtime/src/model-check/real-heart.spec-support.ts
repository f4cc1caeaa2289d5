import {
  type BraneMessage,
  type Committer,
  createCommitter,
  encodeBraneMessages,
} from '@state-server/commit';
import { asObjectId, asOpId, asUserId, type BraneId, type OpId, type UserId } from '@state-server/domain';
import { type Bus, channels } from '@state-server/messaging-port';
import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { type BraneOpsFrame, decodeCbor, FROM_SERVER } from '@state-server/protocol';
import { createFakeEnvironment, type FakeEnvironment, RecordingSocket } from '@state-server/testing';
import { createGateway } from '../gateway';
import { storeLogSource } from '../log-source';
import type { Gateway } from '../ports';
import { TestClient } from '../test-support/test-client.spec-support';
import { HELLO } from '../test-support/test-world.spec-support';
import { type Op, OPS, OWNER, type Step } from './heart-model.spec-support';

type Handler = (payload: Uint8Array) => void;

const TICKS_MS = 25;

/** Lets through what its name was called for, and holds the rest. */
class Gates {
  private readonly called = new Set<OpId>();
  private readonly waiting = new Map<OpId, (() => void)[]>();

  pass(name: OpId): Promise<void> {
    if (this.called.has(name)) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.set(name, [...(this.waiting.get(name) ?? []), resolve]);
    });
  }

  call(name: OpId): void {
    this.called.add(name);
    for (const resolve of this.waiting.get(name) ?? []) resolve();
    this.waiting.delete(name);
  }
}

/** One gateway of the real engine on the real write path; the test decides when it commits, publishes and hears. */
class RealGateway {
  readonly gateway: Gateway;
  readonly committer: Committer;
  readonly store: Store;
  readonly commits = new Gates();
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly publishes = new Set<OpId>();
  private held: { readonly braneId: BraneId; readonly message: BraneMessage }[] = [];

  constructor(
    environment: FakeEnvironment,
    kv: ReturnType<typeof createMemoryKv>,
    private readonly isHeld: (opId: OpId) => boolean,
    private readonly tell: (from: RealGateway, braneId: BraneId, message: BraneMessage) => void,
  ) {
    this.store = createMemoryStore({ environment, kv });
    this.committer = createCommitter({
      store: this.store,
      environment,
      writerId: environment.ids.uuid(),
      publish: (braneId, messages) => {
        for (const message of messages) this.held.push({ braneId, message });
        this.flush();
      },
    });
    const { committer } = this;
    this.gateway = createGateway({
      source: storeLogSource(this.store, environment),
      committer: {
        edit: async (request) => {
          await this.commits.pass(request.op_id);
          return committer.edit(request);
        },
        undo: (request) => committer.undo(request),
        redo: (request) => committer.redo(request),
      },
      bus: this.bus(),
      environment,
      authenticate: (credentials) =>
        Promise.resolve({
          user_id: asUserId('token' in credentials ? credentials.token : ''),
          session_id: 'one sign-in',
          name: 'someone',
          expires_at: environment.clock.now() + 900_000,
        }),
      revocations: { isRevoked: () => false, onRevoked: () => () => undefined },
    });
  }

  publish(op: OpId): void {
    this.publishes.add(op);
    this.flush();
  }

  hear(braneId: BraneId, payload: Uint8Array): void {
    for (const handler of this.handlers.get(channels.brane(braneId)) ?? []) handler(payload);
  }

  private mayPublish({ frame }: BraneMessage): boolean {
    const { op_id } = decodeCbor(frame, FROM_SERVER) as BraneOpsFrame;
    return !this.isHeld(op_id) || this.publishes.has(op_id);
  }

  /** In the order of the commits, as far as publishing was called for. */
  private flush(): void {
    for (let first = this.held[0]; first && this.mayPublish(first.message); first = this.held[0]) {
      this.held = this.held.slice(1);
      this.gateway.deliver(first.braneId, [first.message]);
      this.tell(this, first.braneId, first.message);
    }
  }

  private bus(): Bus {
    return {
      connected: true,
      publish: () => undefined,
      subscribe: (channel, handler) => {
        const handlers = this.handlers.get(channel) ?? new Set();
        this.handlers.set(channel, handlers.add(handler));
        return Promise.resolve({
          unsubscribe: () => {
            handlers.delete(handler);
            return Promise.resolve();
          },
        });
      },
      onConnection: () => () => undefined,
      close: () => Promise.resolve(),
    };
  }
}

interface Person {
  client: TestClient | undefined;
  gateway: number;
  readonly sent: Set<Op>;
  readonly acked: Set<Op>;
}

/** The real engine under the steps of a trace: what a step of the model has no counterpart for is done by the engine itself. */
export class RealHeart {
  readonly faults: string[] = [];
  private readonly environment = createFakeEnvironment();
  private readonly kv = createMemoryKv();
  private readonly gateways: (RealGateway | undefined)[] = [];
  /** What was published for each gateway, by seq. */
  private readonly mail: Map<number, Uint8Array>[] = [new Map(), new Map()];
  private readonly people: Person[] = [0, 1].map(() => ({
    client: undefined,
    gateway: -1,
    sent: new Set<Op>(),
    acked: new Set<Op>(),
  }));
  private readonly opIds = OPS.map(() => asOpId(this.environment.ids.uuid()));
  private brane: BraneId | undefined;
  private owner: UserId | undefined;
  /** Seq of the log when the trace begins. */
  private base = 0;

  async start(): Promise<void> {
    this.gateways.push(this.open(), this.open());
    const owner = asUserId(this.environment.ids.uuid());
    const first = this.gateways[0];
    const made = first?.committer.createBrane(
      { kind: 'user', user_id: owner },
      { op_id: asOpId(this.environment.ids.uuid()), name: 'a brane', visibility: 'private' },
    );
    if (!made) throw new Error('no gateway');
    const { meta, committed } = await made;
    [this.brane, this.owner, this.base] = [meta.id, owner, committed.seq];
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'connect':
        await this.connect(step.client, step.gateway);
        break;
      case 'crash':
        this.crash(step.gateway);
        break;
      case 'restart':
        this.gateways[step.gateway] = this.open();
        break;
      case 'submit':
        this.submit(step.op);
        break;
      case 'commit':
        this.gateways[step.gateway]?.commits.call(this.opId(step.op));
        break;
      case 'publish':
        this.gateways[step.gateway]?.publish(this.opId(step.op));
        break;
      case 'deliver':
        this.deliver(step.gateway, step.seq);
        break;
      default:
      // What the engine does by itself.
    }
    await this.environment.advance(TICKS_MS);
    await this.look();
  }

  /** Long enough for the look at the heads that needs no bus (R5). */
  async rest(): Promise<void> {
    for (let seconds = 0; seconds < 62; seconds += 10) {
      for (const { client } of this.people) client?.send({ type: 'system.ping' });
      await this.environment.advance(10_000);
    }
    await this.look();
  }

  /** How far each client is, counted as the model does; which of its ops it holds for saved. */
  seen(): { seq: number; acked: Op[] }[] {
    return this.people.map(({ client, acked }) => ({
      seq: (client && this.brane ? client.view(this.brane).seq : 0) - this.base,
      acked: [...acked].sort(),
    }));
  }

  async log(): Promise<Op[]> {
    const { brane } = this;
    const store = this.gateways.find((gateway) => gateway !== undefined)?.store;
    if (!store || !brane) return [];
    const entries = await store.read({ label: 'test' }, (tx) =>
      tx.range('log', { prefix: [brane], limit: 100 }),
    );
    return entries.slice(this.base).flatMap(({ op_id }) => OPS.filter((op) => this.opId(op) === op_id));
  }

  private opId(op: Op): OpId {
    const id = this.opIds[op];
    if (!id) throw new Error(`no op ${op}`);
    return id;
  }

  private open(): RealGateway {
    const isHeld = (opId: OpId): boolean => this.opIds.includes(opId);
    return new RealGateway(this.environment, this.kv, isHeld, (from, _braneId, message) => {
      this.gateways.forEach((gateway, index) => {
        if (gateway && gateway !== from) this.mail[index]?.set(message.seq, encodeBraneMessages([message]));
      });
    });
  }

  private async connect(person: number, gateway: number): Promise<void> {
    const it = this.people[person];
    const to = this.gateways[gateway];
    const { brane, owner } = this;
    if (!it || !to || !brane || !owner) return;
    const before = it.client?.view(brane);
    const socket = new RecordingSocket();
    const format = person === 0 ? 'cbor' : 'json';
    const connection = to.gateway.open(socket, { format, address: '127.0.0.1' });
    const client = new TestClient(socket, connection, format, () => this.environment.ids.uuid());
    it.client = client;
    it.gateway = gateway;
    client.send({ type: 'session.hello', token: owner, client: HELLO });
    await this.environment.settle();
    if (before?.epoch && before.scene) {
      Object.assign(client.view(brane), { epoch: before.epoch, seq: before.seq, scene: before.scene });
      client.send({ type: 'brane.join', brane_id: brane, after: { epoch: before.epoch, seq: before.seq } });
    } else client.send({ type: 'brane.join', brane_id: brane });
  }

  private crash(gateway: number): void {
    this.gateways[gateway] = undefined;
    this.mail[gateway]?.clear();
    // Whatever the dead one still does, nobody hears of it.
    for (const it of this.people) if (it.gateway === gateway) it.client?.socket.close(1006, 'crash');
  }

  private submit(op: Op): void {
    const it = this.people[OWNER[op] ?? 0];
    const { brane } = this;
    if (!it?.client || !brane) return;
    it.client.edit(brane, [{ op: 'update', id: asObjectId(brane), set: { [`/properties/op${op}`]: 1 } }], {
      op_id: this.opId(op),
      again: it.sent.has(op),
    });
    it.sent.add(op);
  }

  private deliver(gateway: number, seq: number): void {
    const payload = this.mail[gateway]?.get(seq + this.base);
    if (payload && this.brane) this.gateways[gateway]?.hear(this.brane, payload);
  }

  /** Nothing is seen that is not durable, no hole, no double, no ack without its entry in the log. */
  private async look(): Promise<void> {
    const log = await this.log();
    for (const it of this.people) {
      if (!it.client || !this.brane) continue;
      this.faults.push(...it.client.faults);
      const { seq } = it.client.view(this.brane);
      if (seq - this.base > log.length) this.faults.push(`saw ${seq} of ${log.length + this.base}`);
      for (const { op_id } of it.client.all('brane.ack')) {
        for (const op of OPS) if (this.opId(op) === op_id) it.acked.add(op);
      }
      for (const op of it.acked)
        if (!log.includes(op)) this.faults.push(`op ${op} was acknowledged and is not durable`);
    }
  }
}
