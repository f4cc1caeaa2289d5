import type { WebSocketConstructor, WebSocketLike } from '@state-server/client';
import { formatOf, type WireFormat } from '@state-server/protocol';
import type { Connection, Socket } from '@state-server/realtime';
import type { Coverage } from '../coverage';
import type { Dice } from '../kernel/dice';
import type { Scheduler } from '../kernel/scheduler';
import type { SimProcess } from '../kernel/sim-process';
import { type Message, Pipe } from './pipe';
import type { Weather } from './weather';

/** A gateway as the network sees it. */
export interface Listener {
  readonly process: SimProcess;
  /** False: it refuses new connections. */
  readonly accepting: boolean;
  accept(socket: Socket, format: WireFormat): Connection;
}

/** Told of every message that a gateway writes to a socket, before it leaves. */
export interface SocketWatch {
  opened(wire: Wire): void;
  sent(wire: Wire, message: Message): void;
  /** What a client has sent, as it arrives. */
  received(wire: Wire, message: Message): void;
}

const ABNORMAL = 1_006;

/** One WebSocket connection between a client's machine and a gateway. */
export class Wire {
  readonly up: Pipe;
  readonly down: Pipe;
  connection: Connection | undefined;
  private clientTold = false;
  private serverTold = false;

  constructor(
    readonly id: number,
    readonly client: SimProcess,
    readonly server: SimProcess,
    readonly format: WireFormat,
    private readonly browser: SimWebSocket,
    private readonly network: Network,
  ) {
    const { dice, weather } = network;
    const latency = (): number => weather.latencyMs;
    this.up = new Pipe(server, client, dice, latency);
    this.down = new Pipe(client, server, dice, latency);
    this.down.onDrained = () => this.connection?.writable();
    client.onDeath(() => this.end('client'));
    server.onDeath(() => this.end('server'));
  }

  get open(): boolean {
    return !this.clientTold && !this.serverTold;
  }

  /** The server's side of it, for the engine. */
  socket(): Socket {
    const { down, server, network } = this;
    return {
      send: (data) => {
        if (!server.effect() || this.serverTold) return;
        network.watch.sent(this, data);
        down.send(data.length, 'socket.down', () => this.browser.receive(data));
      },
      get bufferedBytes() {
        return down.bufferedBytes;
      },
      close: (code, reason) => {
        if (!server.effect()) return;
        down.send(2, 'socket.close', () => this.tellClient(code, reason));
        // The closing handshake, or the end of the patience for it.
        server.after(down.broken ? 3_000 : 2 * network.weather.latencyMs, 'socket.closed', () =>
          this.tellServer(),
        );
      },
    };
  }

  fromClient(data: Message): void {
    if (!this.client.effect()) return;
    this.up.send(data.length, 'socket.up', () => {
      if (this.serverTold || !this.connection) return;
      this.network.watch.received(this, data);
      this.connection.message(data);
    });
  }

  closedByClient(): void {
    if (!this.client.effect()) return;
    this.clientTold = true;
    this.up.send(2, 'socket.close', () => this.tellServer());
  }

  /** The line breaks. Both sides hear of it sooner or later, or one of them does not. */
  cut(): void {
    const { dice } = this.network;
    this.up.broken = true;
    this.down.broken = true;
    const deaf = dice.int(6);
    if (deaf !== 0)
      this.client.after(dice.between(0, 200), 'socket.cut', () => this.tellClient(ABNORMAL, ''));
    if (deaf !== 1) this.server.after(dice.between(0, 200), 'socket.cut', () => this.tellServer());
  }

  /** Bytes vanish in one direction or both, and nobody is told. */
  halfOpen(): void {
    const which = this.network.dice.int(3);
    if (which !== 0) this.up.broken = true;
    if (which !== 1) this.down.broken = true;
  }

  tellClient(code: number, reason: string): void {
    if (this.clientTold) return;
    this.clientTold = true;
    this.up.broken = true;
    this.browser.ended(code, reason);
  }

  private tellServer(): void {
    if (this.serverTold) return;
    this.serverTold = true;
    this.network.wires.delete(this);
    this.connection?.closed();
  }

  /** One side is dead. Mostly the other side's kernel hears of it. */
  private end(dead: 'client' | 'server'): void {
    const { dice } = this.network;
    const silent = dice.chance(0.25);
    const ms = dice.between(1, 60);
    if (dead === 'server') {
      this.network.wires.delete(this);
      this.up.broken = true;
      if (silent) this.down.broken = true;
      else this.down.send(2, 'socket.reset', () => this.tellClient(ABNORMAL, ''));
    } else {
      this.down.broken = true;
      if (!silent) this.server.after(ms, 'socket.reset', () => this.tellServer());
    }
  }
}

/** The browser's WebSocket, over the simulated network. */
class SimWebSocket implements WebSocketLike {
  binaryType = 'arraybuffer';
  readyState = 0;
  onopen: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  wire: Wire | undefined;

  send(data: Message): void {
    if (this.readyState === 1) this.wire?.fromClient(data);
  }

  close(): void {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    this.wire?.closedByClient();
  }

  opened(wire: Wire): void {
    if (this.readyState !== 0) {
      wire.closedByClient();
      return;
    }
    this.wire = wire;
    this.readyState = 1;
    this.onopen?.({} as never);
  }

  receive(data: Message): void {
    if (this.readyState === 1) this.onmessage?.({ data } as never);
  }

  ended(code: number, reason: string): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason } as never);
  }
}

/** All ways between clients and gateways. */
export class Network {
  readonly wires = new Set<Wire>();
  /** Machines without a network. */
  readonly offline = new Set<SimProcess>();
  listeners: () => readonly Listener[] = () => [];
  watch: SocketWatch = { opened: () => undefined, sent: () => undefined, received: () => undefined };
  private lastId = 0;

  constructor(
    readonly scheduler: Scheduler,
    readonly dice: Dice,
    readonly weather: Weather['net'],
    readonly coverage: Coverage,
  ) {}

  /** The global `WebSocket` of one client's machine. */
  webSocketOf(client: SimProcess): WebSocketConstructor {
    const dial = (browser: SimWebSocket, format: WireFormat): void => this.dial(client, browser, format);
    return class extends SimWebSocket {
      constructor(_url: string, protocols: string[]) {
        super();
        dial(this, formatOf(protocols[0] ?? '') ?? 'cbor');
      }
    };
  }

  private dial(client: SimProcess, browser: SimWebSocket, format: WireFormat): void {
    const { dice } = this;
    const isOffline = this.offline.has(client);
    // Without a network some machines say so at once, others wait.
    if (isOffline && dice.chance(0.5)) return;
    client.after(dice.between(1, 2 * this.weather.latencyMs), 'socket.dial', () => {
      const listener = isOffline
        ? undefined
        : dice.pick(this.listeners().filter(({ accepting }) => accepting));
      if (!listener) {
        browser.ended(ABNORMAL, '');
        return;
      }
      this.connect(client, browser, format, listener);
    });
  }

  private connect(client: SimProcess, browser: SimWebSocket, format: WireFormat, listener: Listener): void {
    this.lastId += 1;
    const wire = new Wire(this.lastId, client, listener.process, format, browser, this);
    listener.process.after(0.1, 'socket.accept', () => {
      this.wires.add(wire);
      this.watch.opened(wire);
      wire.connection = listener.accept(wire.socket(), format);
    });
    client.after(this.dice.between(1, 2 * this.weather.latencyMs), 'socket.open', () => browser.opened(wire));
  }
}
