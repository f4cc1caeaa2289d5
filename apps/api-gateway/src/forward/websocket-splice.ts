import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { type DialDeadlines, dialGateway } from './dial-gateway';
import type { GatewayPool, Upstream } from './gateway-pool';
import type { Client } from '@state-server/platform';
import { type HopFields, hasBody, upgradeHead } from './upgrade-head';

/** An answer in plain HTTP, for an upgrade that does not take place. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** Why an upgrade does not take place. */
export type SpliceRefusal = 'not_found' | 'bad_request' | 'too_many' | 'no_gateway';

export interface SpliceOptions {
  readonly pool: GatewayPool;
  readonly path: string;
  readonly deadlines: DialDeadlines;
  /** Who connects, as far as trusted proxies tell. */
  readonly client: (request: IncomingMessage) => Client;
  /** Takes a place for one more connection of this address: how to give it back, or undefined when it has its share. */
  readonly admit?: (address: string) => Promise<(() => void) | undefined>;
  readonly requestId: () => string;
  /** See HopFields. */
  readonly internalToken?: () => string | undefined;
  readonly refuse: (why: SpliceRefusal, requestId: string) => PlainAnswer;
  readonly gatewayFailed?: (failure: {
    readonly gateway: string;
    readonly reason: string;
    readonly request_id: string;
  }) => void;
}

/** How long what is already on its way to one end may take once the other end is gone. */
const LINGER_MS = 5_000;
/** TCP keep-alive on both legs, ms: finds ends that vanished without a word. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Forwards WebSocket upgrades by joining two TCP streams: the head of the request is rewritten, then bytes pass as they
 * are, both ways, with backpressure. Frames are never looked at.
 */
export class WebSocketSplice {
  private readonly open = new Set<Duplex>();
  private liveCount = 0;
  private closing = false;

  constructor(private readonly options: SpliceOptions) {}

  /** Connections that are joined at this moment. */
  get live(): number {
    return this.liveCount;
  }

  /** Listener for the HTTP server's `upgrade` event. */
  handle(request: IncomingMessage, client: Duplex, rest: Buffer): void {
    const requestId = this.options.requestId();
    client.on('error', () => client.destroy());
    if (this.closing) return this.refuse(client, 'no_gateway', requestId);
    if (pathOf(request) !== this.options.path) return this.refuse(client, 'not_found', requestId);
    if (
      request.method !== 'GET' ||
      request.headers.upgrade?.toLowerCase() !== 'websocket' ||
      hasBody(request)
    ) {
      return this.refuse(client, 'bad_request', requestId);
    }
    this.open.add(client);
    client.once('close', () => this.open.delete(client));
    void this.admitted(request, client, requestId).then((isAdmitted) =>
      isAdmitted ? this.forward(request, client, rest, requestId) : undefined,
    );
  }

  /** No new ones; those that live are ended. The gateways behind have told their clients before. */
  close(): void {
    this.closing = true;
    for (const client of this.open) client.destroy();
  }

  private async admitted(request: IncomingMessage, client: Duplex, requestId: string): Promise<boolean> {
    const { admit } = this.options;
    if (!admit) return true;
    const leave = await admit(this.options.client(request).address);
    if (!leave) this.refuse(client, 'too_many', requestId);
    else if (client.destroyed) leave();
    else client.once('close', leave);
    return leave !== undefined && !client.destroyed;
  }

  private async forward(
    request: IncomingMessage,
    client: Duplex,
    rest: Buffer,
    requestId: string,
  ): Promise<void> {
    const head = upgradeHead(request, this.hop(request, requestId));
    const gone = new AbortController();
    const onGone = (): void => gone.abort();
    client.once('close', onGone);
    tune(client);
    for (const upstream of this.options.pool.candidates()) {
      this.options.pool.taken(upstream);
      try {
        const { socket, first } = await dialGateway(
          upstream,
          head,
          rest,
          this.options.deadlines,
          gone.signal,
        );
        this.options.pool.answered(upstream);
        client.off('close', onGone);
        this.join(client, socket, first, upstream);
        return;
      } catch (error) {
        this.options.pool.released(upstream);
        if (gone.signal.aborted) return;
        this.options.pool.failed(upstream);
        const reason = error instanceof Error ? error.message : String(error);
        this.options.gatewayFailed?.({ gateway: upstream.url, reason, request_id: requestId });
      }
    }
    this.refuse(client, 'no_gateway', requestId);
  }

  private join(client: Duplex, gateway: Socket, first: Buffer, upstream: Upstream): void {
    this.liveCount += 1;
    tune(gateway);
    let over = false;
    const finish = (other: Duplex): void => {
      if (!over) {
        over = true;
        this.options.pool.released(upstream);
        this.liveCount -= 1;
      }
      flushAndClose(other);
    };
    gateway.on('error', () => gateway.destroy());
    gateway.once('close', () => finish(client));
    client.once('close', () => finish(gateway));
    if (client.destroyed) {
      finish(gateway);
      return;
    }
    client.write(first);
    gateway.pipe(client);
    client.pipe(gateway);
  }

  private hop(request: IncomingMessage, requestId: string): HopFields {
    const encrypted = 'encrypted' in request.socket && request.socket.encrypted === true;
    const { address, trusted } = this.options.client(request);
    const claimed = trusted ? request.headers['x-forwarded-proto'] : undefined;
    const proto = encrypted || claimed === 'https' ? 'https' : 'http';
    return { client: address, proto, requestId, internalToken: this.options.internalToken?.() };
  }

  private refuse(client: Duplex, why: SpliceRefusal, requestId: string): void {
    const answer = this.options.refuse(why, requestId);
    const fields = {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(answer.body)),
      'X-Request-Id': requestId,
      Connection: 'close',
      ...answer.headers,
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    client.end(
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n${lines.join('')}\r\n${answer.body}`,
    );
    flushAndClose(client);
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

/** A spliced socket has no idle limit of HTTP's; small frames leave at once. */
function tune(socket: Duplex): void {
  if (!(socket instanceof Socket)) return;
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
}

/** Sends what is buffered, then closes both directions; a peer that does not read is cut off. */
function flushAndClose(socket: Duplex): void {
  if (socket.destroyed) return;
  if (!(socket instanceof Socket)) {
    socket.end();
    return;
  }
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  socket.destroySoon();
}
