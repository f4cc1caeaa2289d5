import { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Timers } from '@state-server/domain';
import { addressKey } from '../limits/address-key';
import type { HttpServer } from './create-server';

export interface ConnectionLimits {
  /** Open at a time from one address (IPv6: one /64). */
  readonly perAddress: number;
  /** Addresses that stand for many: proxies. */
  readonly isExempt: (address: string) => boolean;
  readonly onRefused: () => void;
}

export interface SlowLimits {
  readonly timers: Timers;
  /** A session of HTTP/2 that has not asked for anything by then is ended, ms. */
  readonly firstMs: number;
  /** The body of a request must have come by then, ms. */
  readonly receiveMs: number;
}

/** The flag of a request that has no body (RFC 9113, 6.2). */
const END_STREAM = 0x1;
const CANCEL = 0x8;

interface Open {
  socket: Socket;
  isUsed: boolean;
  readonly forget: () => void;
}

/**
 * The connections of one server: so many of each address; those that never carried a request, which Node counts as busy
 * (browsers open them ahead, load balancers probe with them); and the sessions of HTTP/2, for which Node has no limits of
 * time of its own.
 */
export class Connections {
  /** By the peer's address and port: a TLS server tells of the raw socket first and of the one above it later. */
  private readonly open = new Map<string, Open>();
  private readonly counts = new Map<string, number>();
  private readonly sessions = new Set<ServerHttp2Session>();

  constructor(
    private readonly server: HttpServer,
    private readonly limits: ConnectionLimits,
    private readonly slow: SlowLimits,
  ) {
    const used = ({ socket }: { readonly socket: Socket }): void => this.use(socket);
    server.on('connection', (socket: Socket) => this.opened(socket));
    server.on('secureConnection', (socket: Socket) => this.secured(socket));
    server.on('session', (session: ServerHttp2Session) => this.began(session));
    server.on('request', used);
    server.on('upgrade', used);
  }

  /** No more requests: what is under way goes on. */
  end(): void {
    for (const { socket, isUsed } of this.open.values()) if (!isUsed) socket.destroy();
    for (const session of this.sessions) session.close();
  }

  destroy(): void {
    for (const session of this.sessions) session.destroy();
    // The server of HTTP/2 lacks it, and keeps the list that it goes by.
    Server.prototype.closeAllConnections.call(this.server);
  }

  private opened(socket: Socket): void {
    const { remoteAddress: address } = socket;
    // It has gone before anybody looked.
    if (address === undefined) return;
    const id = idOf(socket);
    // A connection whose upgrade is ignored is begun anew.
    if (this.open.get(id)?.socket === socket) return;
    const leave = this.enter(address);
    if (!leave) {
      this.limits.onRefused();
      socket.destroy();
      return;
    }
    const closed = (): void => {
      leave();
      this.open.delete(id);
    };
    this.open.set(id, { socket, isUsed: false, forget: () => void socket.off('close', closed) });
    socket.once('close', closed);
  }

  /** How to give the place back; undefined when the address has its share. */
  private enter(address: string): (() => void) | undefined {
    if (this.limits.isExempt(address)) return () => undefined;
    const key = addressKey(address);
    const before = this.counts.get(key) ?? 0;
    if (before >= this.limits.perAddress) return undefined;
    this.counts.set(key, before + 1);
    return () => {
      const left = (this.counts.get(key) ?? 1) - 1;
      if (left > 0) this.counts.set(key, left);
      else this.counts.delete(key);
    };
  }

  private secured(socket: Socket): void {
    const known = this.find(socket);
    if (known) known.socket = socket;
  }

  private use(socket: Socket): void {
    const known = this.find(socket);
    if (!known || known.isUsed) return;
    known.isUsed = true;
    // A WebSocket of days is to carry nothing of this where it is not counted.
    const { remoteAddress = '' } = socket;
    if (!this.limits.isExempt(remoteAddress)) return;
    known.forget();
    this.open.delete(idOf(socket));
  }

  private find(socket: Socket): Open | undefined {
    return this.open.get(idOf(socket));
  }

  private began(session: ServerHttp2Session): void {
    this.sessions.add(session);
    const { timers, firstMs } = this.slow;
    const idle = timers.set(firstMs, () => session.destroy());
    session.once('stream', () => timers.clear(idle));
    session.on('stream', (stream, _headers, flags) => this.receive(stream, flags));
    session.once('close', () => {
      timers.clear(idle);
      this.sessions.delete(session);
    });
  }

  /** A body that trickles in: HTTP/1.1 has Node's own limit for it. */
  private receive(stream: ServerHttp2Stream, flags: number): void {
    if ((flags & END_STREAM) !== 0) return;
    const { timers, receiveMs } = this.slow;
    const late = timers.set(receiveMs, () => stream.close(CANCEL));
    const done = (): void => timers.clear(late);
    stream.once('end', done);
    stream.once('close', done);
  }
}

/** Of the peer: what the raw socket, the one of TLS and the one that HTTP/2 shows have in common. */
function idOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}
