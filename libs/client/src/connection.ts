import type { Environment, TimerHandle } from '@state-server/domain';
import {
  type ClientFrame,
  encodeFrame,
  type ErrorCode,
  parseServerFrame,
  PROTOCOL_VERSION,
  type ServerFrame,
  splitFrames,
  StateError,
  SUBPROTOCOLS,
  type WireFormat,
} from '@state-server/protocol';
import { backoff } from './backoff';
import { Emitter } from './emitter';
import { FINAL_CLOSE_CODES } from './errors';

/** What comes over a socket has no HTTP status. */
const UNSAID_STATUS = 0;

/** The part of the WebSocket interface that is used; the global one of browsers and Node 22, or that of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  send(data: Uint8Array | string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
}
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export type ConnectionStatus =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'open'; readonly sessionId: string }
  | { readonly state: 'waiting'; readonly attempt: number; readonly retryInMs: number }
  | { readonly state: 'closed'; readonly error?: StateError };

export interface ConnectionEvents {
  status: ConnectionStatus;
  /** Every frame that is not the connection's own business. */
  frame: ServerFrame;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly format: WireFormat;
  readonly WebSocket: WebSocketConstructor;
  readonly environment: Environment;
  readonly client: { readonly name: string; readonly version: string };
  /** A token that is good now; called for every session and before the token ends. `renew`: the last one was not. */
  readonly token: (renew: boolean) => Promise<string>;
  /** Milliseconds until the token should be renewed. */
  readonly renewInMs: () => number;
  /** Milliseconds from dialling to `session.welcome`. */
  readonly openMs: number;
}

const RETRY = { firstMs: 250, maxMs: 5_000 };
/** A session that misses this many heartbeats in a row is taken for dead. */
const MISSED_HEARTBEATS = 2.5;
/** Close codes from here on mean: do not come back. */
const FINAL_CLOSE = { from: 3_500, to: 3_999 };

/** One WebSocket session at a time, brought back for as long as it is wanted. */
export class Connection {
  readonly events = new Emitter<ConnectionEvents>();
  private current: ConnectionStatus = { state: 'idle' };
  private socket: WebSocketLike | undefined;
  private attempt = 0;
  /** By the server's clock the token has ended; ours has slept, or its is wrong. */
  private expired = false;
  private heartbeatMs = 15_000;
  private lastHeard = 0;
  private timers = new Map<'open' | 'retry' | 'beat' | 'renew', TimerHandle>();

  constructor(private readonly options: ConnectionOptions) {}

  get status(): ConnectionStatus {
    return this.current;
  }

  /** Starts, or does nothing when it runs already. */
  open(): void {
    if (this.current.state === 'idle' || this.current.state === 'closed') this.dial();
  }

  /** False when there is no open session: the frame is not kept. */
  send(frame: ClientFrame): boolean {
    if (this.current.state !== 'open' || !this.socket) return false;
    this.socket.send(encodeFrame(frame, this.options.format));
    return true;
  }

  close(): void {
    this.drop(1_000, 'client closes');
    this.become({ state: 'closed' });
  }

  private dial(): void {
    this.attempt += 1;
    this.become({ state: 'connecting', attempt: this.attempt });
    const { WebSocket, url, format } = this.options;
    const socket = new WebSocket(url, [SUBPROTOCOLS[format]]);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    this.arm('open', this.options.openMs, () => this.lost(socket, undefined));
    socket.onopen = () => void this.hello(socket);
    socket.onmessage = (event: { readonly data: unknown }) => this.message(socket, event.data);
    socket.onclose = (event: { readonly code: number; readonly reason: string }) => this.lost(socket, event);
    // A close event follows every error: one place decides what comes next.
    socket.onerror = () => undefined;
  }

  private async hello(socket: WebSocketLike): Promise<void> {
    try {
      const token = await this.options.token(this.expired);
      if (this.socket !== socket) return;
      const client = { ...this.options.client, protocol: PROTOCOL_VERSION };
      socket.send(encodeFrame({ type: 'session.hello', token, client }, this.options.format));
    } catch (error) {
      if (this.socket !== socket) return;
      if (error instanceof StateError && !error.retryable) this.giveUp(error);
      else this.lost(socket, undefined);
    }
  }

  private message(socket: WebSocketLike, data: unknown): void {
    if (this.socket !== socket) return;
    this.lastHeard = this.options.environment.clock.monotonic();
    const payload = data instanceof ArrayBuffer ? new Uint8Array(data) : (data as Uint8Array | string);
    for (const value of splitFrames(payload)) {
      const frame = parseKnown(value);
      if (frame) this.handle(frame);
    }
  }

  private handle(frame: ServerFrame): void {
    switch (frame.type) {
      case 'session.welcome':
        this.welcome(frame);
        return;
      case 'system.pong':
      case 'session.refreshed':
        return;
      case 'system.draining':
        this.redialLater(frame.reconnect_in_ms);
        return;
      case 'system.error':
        if (frame.code === 'auth.expired' && !this.expired) {
          // The close that follows brings us back, with a token that is new.
          this.expired = true;
          return;
        }
        if (this.current.state === 'connecting') {
          // Something is just starting: an attempt that failed, as the status says. We come back by ourselves.
          if (frame.code === 'dependency.unavailable') return;
          if (!frame.retryable) {
            this.giveUp(errorOf(frame));
            return;
          }
        }
        this.events.emit('frame', frame);
        return;
      default:
        this.events.emit('frame', frame);
    }
  }

  private welcome(frame: Extract<ServerFrame, { type: 'session.welcome' }>): void {
    this.clear('open');
    this.attempt = 0;
    this.expired = false;
    this.heartbeatMs = frame.heartbeat_ms;
    this.become({ state: 'open', sessionId: frame.session_id });
    this.beat();
    this.renewLater();
  }

  private beat(): void {
    this.arm('beat', this.heartbeatMs, () => {
      const silence = this.options.environment.clock.monotonic() - this.lastHeard;
      if (this.socket && silence > this.heartbeatMs * MISSED_HEARTBEATS) {
        this.lost(this.socket, undefined);
        return;
      }
      this.send({ type: 'system.ping' });
      this.beat();
    });
  }

  private renewLater(): void {
    const wait = this.options.renewInMs();
    if (!Number.isFinite(wait)) return;
    this.arm('renew', Math.max(1_000, wait), () => void this.renew());
  }

  private async renew(): Promise<void> {
    try {
      const token = await this.options.token(false);
      this.send({ type: 'session.refresh', token });
    } catch {
      // The server ends the session when the token does; the next hello says why.
    }
    if (this.current.state === 'open') this.renewLater();
  }

  /** The server asks us to come back elsewhere: the session ends, nothing is lost. */
  private redialLater(ms: number): void {
    this.drop(1_000, 'server drains');
    this.wait(ms);
  }

  private lost(
    socket: WebSocketLike,
    event: { readonly code: number; readonly reason: string } | undefined,
  ): void {
    if (this.socket !== socket) return;
    this.drop(1_000, 'connection lost');
    if (event && event.code >= FINAL_CLOSE.from && event.code <= FINAL_CLOSE.to) {
      this.giveUp(closedForGood(event.code, event.reason));
      return;
    }
    this.wait(backoff(this.attempt, this.options.environment.random, RETRY));
  }

  private wait(ms: number): void {
    this.become({ state: 'waiting', attempt: this.attempt, retryInMs: ms });
    this.arm('retry', ms, () => this.dial());
  }

  private giveUp(error: StateError): void {
    this.drop(1_000, 'client gives up');
    this.become({ state: 'closed', error });
  }

  private drop(code: number, reason: string): void {
    for (const name of [...this.timers.keys()]) this.clear(name);
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.onerror = () => undefined;
    socket.close(code, reason);
  }

  private become(status: ConnectionStatus): void {
    this.current = status;
    this.events.emit('status', status);
  }

  private arm(name: 'open' | 'retry' | 'beat' | 'renew', ms: number, task: () => void): void {
    this.clear(name);
    this.timers.set(name, this.options.environment.timers.set(ms, task));
  }

  private clear(name: 'open' | 'retry' | 'beat' | 'renew'): void {
    const handle = this.timers.get(name);
    if (handle === undefined) return;
    this.timers.delete(name);
    this.options.environment.timers.clear(handle);
  }
}

/** A frame of a type that this SDK does not know yet comes from a newer server and is passed over. */
function parseKnown(value: unknown): ServerFrame | undefined {
  try {
    return parseServerFrame(value);
  } catch (error) {
    if (error instanceof StateError && error.code === 'frame.unknown_type') return undefined;
    throw error;
  }
}

/** What a `system.error` frame says, as the typed error. */
export function errorOf(frame: Extract<ServerFrame, { type: 'system.error' }>): StateError {
  const { code, message, retryable, details } = frame;
  const wait = frame.retry_after_ms === undefined ? {} : { retryAfterMs: frame.retry_after_ms };
  return new StateError(code as ErrorCode, message, { status: UNSAID_STATUS, retryable }, details, wait);
}

function closedForGood(closeCode: number, reason: string): StateError {
  const code = FINAL_CLOSE_CODES[closeCode] ?? 'internal';
  const facts = { status: UNSAID_STATUS, retryable: false };
  return new StateError(code, reason || `closed with ${closeCode}: ${code}`, facts, {
    close_code: closeCode,
  });
}
