import { once } from 'node:events';
import { createCommitter } from '@state-server/commit';
import {
  asBraneId,
  asOpId,
  asSessionId,
  asUserId,
  type BraneId,
  type SessionId,
  type UserId,
} from '@state-server/domain';
import { createTestTokens, issueTicket, type Revocations, type TestTokens } from '@state-server/identity';
import type { MemoryBus } from '@state-server/messaging-memory';
import type { Bus } from '@state-server/messaging-port';
import type { Store } from '@state-server/persistence-port';
import {
  createService,
  type HttpService,
  loadConfig,
  realEnvironment,
  silentLogger,
} from '@state-server/platform';
import {
  type ClientFrame,
  encodeFrame,
  parseServerFrame,
  PROTOCOL_VERSION,
  type ServerFrame,
  type ServerFrameType,
  splitFrames,
  SUBPROTOCOLS,
  type WireFormat,
} from '@state-server/protocol';
import { until } from '@state-server/testing';
import { type ClientOptions, WebSocket } from 'ws';
import { config } from './config';
import { openSyncGateway, type SyncGatewayParts } from './sync-gateway';

type FrameOf<Type extends ServerFrameType> = Extract<ServerFrame, { type: Type }>;

/** A client over a real socket. */
export class Peer {
  readonly frames: ServerFrame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  private clientSeq = 0;
  private edited: ClientFrame | undefined;

  constructor(
    readonly socket: WebSocket,
    private readonly format: WireFormat,
  ) {
    socket.on('message', (data, isBinary) => {
      const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
      const frames = splitFrames(isBinary ? Uint8Array.from(bytes) : bytes.toString());
      this.frames.push(...frames.map(parseServerFrame));
    });
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', () => undefined);
  }

  send(frame: ClientFrame): void {
    this.socket.send(encodeFrame(frame, this.format));
  }

  edit(braneId: BraneId, name: string): void {
    this.clientSeq += 1;
    this.edited = {
      type: 'brane.edit',
      brane_id: braneId,
      op_id: asOpId(crypto.randomUUID()),
      client_seq: this.clientSeq,
      ops: [{ op: 'create', object: { kind: 'block', parent_id: braneId, name } }],
    };
    this.send(this.edited);
  }

  /** Sends the last edit once more, as after a refusal that was retryable. */
  again(): void {
    if (this.edited) this.send(this.edited);
  }

  all<Type extends ServerFrameType>(type: Type): FrameOf<Type>[] {
    return this.frames.filter((frame): frame is FrameOf<Type> => frame.type === type);
  }

  next<Type extends ServerFrameType>(type: Type, matches: (frame: FrameOf<Type>) => boolean = () => true) {
    return until(() => this.all(type).find(matches), { what: type });
  }

  whenClosed(): Promise<{ readonly code: number; readonly reason: string }> {
    return until(() => this.closed, { what: 'the connection to close' });
  }
}

export interface TestGateway {
  readonly http: HttpService;
  readonly tokens: TestTokens;
  /** Upgrades; rejects with the status when it is refused. */
  dial(options?: { format?: WireFormat; protocols?: string[] } & ClientOptions): Promise<Peer>;
  /** Upgrades and says hello with a token of this user. */
  connect(user: UserId, format?: WireFormat): Promise<Peer>;
  /** As SIGTERM does. */
  drain(): Promise<void>;
  /** Cuts its peers off first. */
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly store: Store;
  readonly bus: Bus & Pick<MemoryBus, 'connected'>;
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: NonNullable<SyncGatewayParts['limits']>;
  readonly revocations?: Revocations;
  readonly readOnly?: NonNullable<SyncGatewayParts['readOnly']>;
}

const HELLO = { name: 'spec', version: '1', protocol: PROTOCOL_VERSION } as const;

/** The real app on loopback, over a store and a bus of the test's. */
export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const { store, bus, limits, revocations, readOnly } = options;
  const environment = realEnvironment;
  const tokens = await createTestTokens({ environment, ...(revocations && { revocations }) });
  const settings = { NODE_ENV: 'test', PORT: '0', METRICS_PORT: '0', ...options.env };
  const service = createService({
    config: loadConfig(config, settings),
    environment,
    log: silentLogger(),
    processMetrics: false,
  });
  service.health.register('store', () => store.check());
  service.health.register('bus', () => (bus.connected ? undefined : { status: 'degraded' }));
  const { verifier } = tokens;
  const nothing: Revocations = { isRevoked: () => false, onRevoked: () => () => undefined, staleMs: () => 0 };
  const parts = {
    ...{ store, bus, verifier, revocations: revocations ?? nothing },
    ...(limits && { limits }),
    ...(readOnly && { readOnly }),
  };
  const http = await openSyncGateway(service, parts);
  const peers: Peer[] = [];

  const dial: TestGateway['dial'] = async ({ format = 'cbor', protocols, ...rest } = {}) => {
    const socket = new WebSocket(
      `${http.url.replace('http', 'ws')}/ws`,
      protocols ?? [SUBPROTOCOLS[format]],
      rest,
    );
    const peer = new Peer(socket, format);
    peers.push(peer);
    await Promise.race([
      once(socket, 'open'),
      once(socket, 'unexpected-response').then(([, response]: { statusCode?: number }[]) => {
        throw new Error(`refused with ${String(response?.statusCode)}`);
      }),
    ]);
    return peer;
  };
  return {
    http,
    tokens,
    dial,
    connect: async (user, format = 'cbor') => {
      const peer = await dial({ format });
      peer.send({ type: 'session.hello', token: await tokens.issue({ user_id: user }), client: HELLO });
      await peer.next('session.welcome');
      return peer;
    },
    drain: () => service.close(),
    close: async () => {
      for (const { socket } of peers) socket.terminate();
      await service.close();
    },
  };
}

/** A private brane of a new user. */
export async function makeBrane(store: Store): Promise<{ readonly id: BraneId; readonly owner: UserId }> {
  const owner = asUserId(crypto.randomUUID());
  const committer = createCommitter({
    store,
    environment: realEnvironment,
    writerId: crypto.randomUUID(),
    publish: () => undefined,
  });
  const id = asBraneId(crypto.randomUUID());
  const op_id = asOpId(crypto.randomUUID());
  await committer.createBrane(
    { kind: 'user', user_id: owner },
    { id, op_id, name: 'spec', visibility: 'private' },
  );
  return { id, owner };
}

/** A ticket of this user, for a page of this origin. */
export async function makeTicket(store: Store, user: UserId, origin?: string): Promise<string> {
  const session: SessionId = asSessionId(crypto.randomUUID());
  const at = new Date().toISOString();
  const expires_at = new Date(Date.now() + 60_000).toISOString();
  await store.transact({ label: 'spec' }, async (tx) => {
    tx.put('users', { id: user, name: 'Ada', roles: ['user'], version: 1, created_at: at, updated_at: at });
    tx.put('sessions', { id: session, user_id: user, created_at: at, last_used_at: at, expires_at });
  });
  const deps = { store, environment: realEnvironment };
  const request = { user_id: user, session_id: session, ...(origin === undefined ? {} : { origin }) };
  return (await issueTicket(deps, request)).ticket;
}
