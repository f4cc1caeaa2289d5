/**
 * The heart of the engine as an explicit model: two gateways on one log, a bus that keeps no promise, two clients, three edits. A state is
 * plain data; a step is one thing that can happen next, as small as a crash can fall between. See docs/spec/model-check.md.
 */

/** 0 and 1 are the first client's, in this order; 2 is the second's. */
export type Op = 0 | 1 | 2;
export const OPS: readonly Op[] = [0, 1, 2];
export const OWNER: readonly number[] = [0, 0, 1];
const BOTH = [0, 1] as const;
const SEQS = OPS.length;

/** A rule that is broken on purpose. */
export type Mutation =
  'publish before commit' | 'skip the gap check' | 'subscribe after read' | 'ack before durable';

/** `sent`: at the gateway; `durable`: in the log, told nobody; `told`: published, or known to be in the log from before. */
type Stage = 'none' | 'sent' | 'early' | 'durable' | 'told';

interface GatewayState {
  readonly up: boolean;
  /** `subscribed` precedes the reading of the head (R1); `read`: it reads first, and subscribes when it gets round to it. */
  readonly room: 'closed' | 'subscribed' | 'read' | 'open';
  readonly seq: number;
  /** Entries heard above a hole, as bits of `bit(seq, op)`. */
  readonly heard: number;
  readonly stages: readonly Stage[];
}

interface ClientState {
  /** -1: without a connection. */
  readonly gateway: number;
  readonly phase: 'asked' | 'reading' | 'live';
  /** Head of what was read for the join. */
  readonly slice: number;
  readonly seq: number;
  /** Ops that were sent in this session, and that were acknowledged, as bits. */
  readonly sent: number;
  readonly acked: number;
}

export interface State {
  readonly log: readonly Op[];
  readonly gateways: readonly GatewayState[];
  readonly clients: readonly ClientState[];
  /** Entries that were published to each gateway, as bits of `bit(seq, op)`: each may come in any order, any number of times, or never. */
  readonly bus: readonly number[];
  readonly crashes: number;
  /** Connections that may still break though both ends live. */
  readonly breaks: number;
  /** What must never be. */
  readonly fault: string;
}

export type Step =
  | { readonly do: 'connect'; readonly client: number; readonly gateway: number }
  | {
      readonly do: 'subscribe' | 'read head' | 'fill' | 'look' | 'crash' | 'restart';
      readonly gateway: number;
    }
  | { readonly do: 'read log' | 'release' | 'break'; readonly client: number }
  | { readonly do: 'submit'; readonly op: Op }
  | { readonly do: 'commit' | 'publish' | 'publish early'; readonly gateway: number; readonly op: Op }
  | {
      readonly do: 'deliver';
      readonly gateway: number;
      readonly seq: number;
      readonly op: Op;
    };

/** It answers joins. Before it has read the head it only keeps what it hears. */
export const isOpen = ({ room }: GatewayState): boolean => room === 'open' || room === 'read';

export const bit = (seq: number, op: Op): number => 1 << ((seq - 1) * OPS.length + op);

const IDLE: GatewayState = {
  up: true,
  room: 'closed',
  seq: 0,
  heard: 0,
  stages: ['none', 'none', 'none'],
};
const AWAY: ClientState = { gateway: -1, phase: 'asked', slice: 0, seq: 0, sent: 0, acked: 0 };

/** What may go wrong, and how often. */
export interface Harm {
  readonly crashes: number;
  readonly breaks: number;
}

export const startWith = ({ crashes, breaks }: Harm): State => ({
  log: [],
  gateways: [IDLE, IDLE],
  clients: [AWAY, AWAY],
  bus: [0, 0],
  crashes,
  breaks,
  fault: '',
});

const STAGES: readonly Stage[] = ['none', 'sent', 'early', 'durable', 'told'];
const ROOMS: readonly GatewayState['room'][] = ['closed', 'subscribed', 'read', 'open'];
const PHASES: readonly ClientState['phase'][] = ['asked', 'reading', 'live'];

/** Two states of the same key are the same. */
export function keyOf({ log, gateways, clients, bus, crashes, breaks, fault }: State): string {
  const numbers = [log.length, crashes, breaks, ...bus];
  for (const op of log) numbers.push(op);
  for (const { up, room, seq, heard, stages } of gateways) {
    numbers.push(up ? 1 : 0, ROOMS.indexOf(room), seq, heard);
    for (const stage of stages) numbers.push(STAGES.indexOf(stage));
  }
  for (const { gateway, phase, slice, seq, sent, acked } of clients) {
    numbers.push(gateway + 1, PHASES.indexOf(phase), slice, seq, sent, acked);
  }
  return String.fromCharCode(...numbers) + fault;
}

const setAt = <T>(list: readonly T[], index: number, value: T): readonly T[] =>
  list.map((item, at) => (at === index ? value : item));

/** A state under change: the one place where the rules of the engine stand. */
export class Draft {
  private state: State;

  constructor(
    from: State,
    private readonly mutation?: Mutation,
  ) {
    this.state = from;
  }

  get result(): State {
    return this.state;
  }

  private gateway(index: number): GatewayState {
    return this.state.gateways[index] ?? IDLE;
  }

  private client(index: number): ClientState {
    return this.state.clients[index] ?? AWAY;
  }

  private put(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
  }

  private putGateway(index: number, change: Partial<GatewayState>): void {
    this.put({ gateways: setAt(this.state.gateways, index, { ...this.gateway(index), ...change }) });
  }

  private putClient(index: number, change: Partial<ClientState>): void {
    this.put({ clients: setAt(this.state.clients, index, { ...this.client(index), ...change }) });
  }

  private stage(gateway: number, op: Op, stage: Stage): void {
    this.putGateway(gateway, { stages: setAt(this.gateway(gateway).stages, op, stage) });
  }

  private fault(what: string): void {
    if (this.state.fault === '') this.put({ fault: what });
  }

  take(step: Step): void {
    this.change(step);
    this.acknowledge();
  }

  private change(step: Step): void {
    switch (step.do) {
      case 'connect':
        this.putClient(step.client, { gateway: step.gateway, phase: 'asked', slice: 0, sent: 0 });
        return;
      case 'subscribe':
        this.putGateway(step.gateway, {
          room: this.mutation === 'subscribe after read' ? 'open' : 'subscribed',
        });
        return;
      case 'read head':
        this.readHead(step.gateway);
        return;
      case 'read log':
        this.putClient(step.client, { phase: 'reading', slice: this.state.log.length });
        return;
      case 'release':
        this.release(step.client);
        return;
      case 'fill':
      case 'look':
        this.fill(step.gateway);
        return;
      case 'crash':
        this.crash(step.gateway);
        return;
      case 'restart':
        this.putGateway(step.gateway, IDLE);
        return;
      case 'break':
        this.putClient(step.client, { gateway: -1, phase: 'asked', slice: 0, sent: 0 });
        this.put({ breaks: this.state.breaks - 1 });
        return;
      case 'submit':
        this.submit(step.op);
        return;
      case 'publish early':
        this.publishEarly(step.gateway, step.op);
        return;
      case 'commit':
        this.commit(step.gateway, step.op);
        return;
      case 'publish':
        this.stage(step.gateway, step.op, 'told');
        this.tell(step.gateway, this.state.log.indexOf(step.op) + 1, step.op);
        return;
      case 'deliver':
        this.hear(step.gateway, step.seq, step.op);
        return;
      default:
        step satisfies never;
    }
  }

  private readHead(gateway: number): void {
    this.putGateway(gateway, {
      room: this.mutation === 'subscribe after read' ? 'read' : 'open',
      seq: this.state.log.length,
    });
    this.applyHeard(gateway);
  }

  private release(client: number): void {
    const { gateway, slice } = this.client(client);
    const { seq } = this.gateway(gateway);
    for (let next = this.client(client).seq + 1; next <= Math.min(slice, seq); next += 1) {
      const op = this.state.log[next - 1];
      if (op !== undefined) this.receive(client, next, op);
    }
    this.putClient(client, { phase: this.client(client).seq === seq ? 'live' : 'asked', slice: 0 });
  }

  /** One range read, up to the head of the log. */
  private fill(gateway: number): void {
    const head = this.state.log.length;
    for (let seq = this.gateway(gateway).seq + 1; seq <= head; seq += 1) {
      const op = this.state.log[seq - 1];
      if (op !== undefined) this.hear(gateway, seq, op);
    }
  }

  private crash(gateway: number): void {
    this.putGateway(gateway, { ...IDLE, up: false });
    this.put({ bus: setAt(this.state.bus, gateway, 0), crashes: this.state.crashes - 1 });
    for (const client of BOTH) {
      if (this.client(client).gateway === gateway)
        this.putClient(client, { gateway: -1, phase: 'asked', slice: 0, sent: 0 });
    }
  }

  private submit(op: Op): void {
    const owner = OWNER[op] ?? 0;
    const { gateway, sent } = this.client(owner);
    this.putClient(owner, { sent: sent | (1 << op) });
    if (this.gateway(gateway).stages[op] === 'none') this.stage(gateway, op, 'sent');
  }

  private publishEarly(gateway: number, op: Op): void {
    this.stage(gateway, op, 'early');
    this.tell(gateway, this.state.log.length + 1, op);
  }

  /** One transaction: the log and the record of the op id. What is in the log already is found there (I1). */
  private commit(gateway: number, op: Op): void {
    const again = this.state.log.includes(op);
    const early = this.gateway(gateway).stages[op] === 'early';
    if (!again) this.put({ log: [...this.state.log, op] });
    this.stage(gateway, op, again || early ? 'told' : 'durable');
  }

  private tell(writer: number, seq: number, op: Op): void {
    for (const gateway of BOTH) {
      const { room } = this.gateway(gateway);
      if (room === 'closed' || (room === 'read' && gateway !== writer)) continue;
      // Its own clients get it without the bus; what comes back over the bus is a double (F2).
      if (gateway === writer) this.hear(gateway, seq, op);
      else this.put({ bus: setAt(this.state.bus, gateway, (this.state.bus[gateway] ?? 0) | bit(seq, op)) });
    }
  }

  /** As soon as it is told and its author, who waits for it, has seen it (R4); what nobody waits for is forgotten. */
  private acknowledge(): void {
    for (const gateway of BOTH) {
      for (const op of OPS) {
        const stage = this.gateway(gateway).stages[op];
        if (stage !== 'told' && !(this.mutation === 'ack before durable' && stage === 'sent')) continue;
        const owner = OWNER[op] ?? 0;
        const { gateway: at, sent, acked, seq, phase } = this.client(owner);
        const awaits = at === gateway && (sent & (1 << op)) !== 0;
        if (awaits && (phase !== 'live' || seq < this.state.log.indexOf(op) + 1)) continue;
        if (awaits && !this.state.log.includes(op))
          this.fault(`op ${op} was acknowledged and is not durable`);
        if (awaits) this.putClient(owner, { acked: acked | (1 << op) });
        this.stage(gateway, op, 'none');
      }
    }
  }

  /** An entry comes to a room: the next one is applied, one above a hole waits, an old one is dropped (R5). */
  private hear(gateway: number, seq: number, op: Op): void {
    const room = this.gateway(gateway);
    if (isOpen(room) && seq <= room.seq) return;
    const isNext = isOpen(room) && (seq === room.seq + 1 || this.mutation === 'skip the gap check');
    if (!isNext) {
      this.putGateway(gateway, { heard: room.heard | bit(seq, op) });
      return;
    }
    this.putGateway(gateway, { seq });
    for (const client of BOTH) {
      const { gateway: at, phase } = this.client(client);
      if (at === gateway && phase === 'live') this.receive(client, seq, op);
    }
    this.applyHeard(gateway);
  }

  private applyHeard(gateway: number): void {
    const { seq, heard } = this.gateway(gateway);
    let above = heard;
    for (let old = 1; old <= seq; old += 1) for (const op of OPS) above &= ~bit(old, op);
    const next = OPS.find((op) => seq < SEQS && (above & bit(seq + 1, op)) !== 0);
    this.putGateway(gateway, { heard: above });
    if (next !== undefined) this.hear(gateway, seq + 1, next);
  }

  private receive(client: number, seq: number, op: Op): void {
    const { seq: last } = this.client(client);
    if (this.state.log[seq - 1] !== op)
      this.fault(`client ${client} saw op ${op} at ${seq}, which is not durable`);
    if (seq !== last + 1) this.fault(`client ${client} saw ${seq} after ${last}`);
    this.putClient(client, { seq });
  }
}
