import type {
  BraneId,
  Environment,
  IdentityKind,
  OpId,
  Scope,
  SessionId,
  UserId,
} from '@state-server/domain';
import type {
  BraneMessage,
  BraneState,
  BraneView,
  CheckpointPosition,
  Committer,
  LogRange,
  LogSlice,
  Position,
  StateChunk,
} from '@state-server/commit';
import type { Bus } from '@state-server/messaging-port';
import type { StateError, WireFormat } from '@state-server/protocol';
import type { RealtimeLimits } from './limits';

/** The server's side of one client's connection. No method throws, whatever became of the peer. */
export interface Socket {
  /** One WebSocket message: text for JSON, bytes for CBOR. The bytes are shared with others: not to be written into. */
  send(data: Uint8Array | string): void;
  /** Handed to `send` and not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Sends what is buffered, then closes. */
  close(code: number, reason: string): void;
}

/** Who a connection speaks for, from a token or ticket that was good at that moment. */
export interface Identity {
  readonly user_id: UserId;
  /** The sign-in that the token belongs to; several connections may share it. */
  readonly session_id: string;
  /** For `isRevoked` alone: the one token, and when it was issued (ms since the epoch). */
  readonly token_id?: string;
  readonly issued_at?: number;
  /** What the token may be used for at most; absent: everything that the user may do. */
  readonly scopes?: readonly Scope[];
  readonly name: string;
  /** Of somebody without an account: the only brane that he may join, and when that is over (ms since the epoch). */
  readonly guest?: { readonly brane_id: BraneId; readonly expires_at: number };
  /** When the token ends, ms since the epoch. */
  readonly expires_at: number;
  readonly kind?: IdentityKind;
}

export type Credentials = { readonly token: string } | { readonly ticket: string };

/** Where a connection comes from, as its door knows it. */
export interface Peer {
  readonly format: WireFormat;
  /** IP address of the client. */
  readonly address: string;
  /** As what limits count it: one subscriber has many addresses of IPv6. Default: the address. */
  readonly network?: string;
  /** The Origin header of a browser. */
  readonly origin?: string;
}

/** Checks credentials. Throws StateError (`auth.…`, `dependency.unavailable`). */
export type Authenticate = (credentials: Credentials, peer: Peer) => Promise<Identity>;

/** Which sign-ins were ended before their time (SYNC F1). */
export interface Revocations {
  /** From memory; kept fresh within 2 s by whoever implements it, Redis or not (SYNC F2). */
  isRevoked(identity: Identity): boolean;
  /** Calls back after a change of what `isRevoked` answers. Returns how to stop. */
  onRevoked(listener: () => void): () => void;
}

/** What the engine reads of the store. Every method throws StateError when the store is away (SYNC F3). */
export interface LogSource {
  /** Meta and head of one moment; undefined when there is no such brane, or it is being purged. */
  brane(braneId: BraneId): Promise<BraneView | undefined>;
  /** As many answers as ids, in their order. */
  heads(braneIds: readonly BraneId[]): Promise<(Position | undefined)[]>;
  log(braneId: BraneId, range: LogRange): Promise<LogSlice>;
  /** Where the newest checkpoint stands; undefined when there is none that could be used. Cheap. */
  checkpoint(braneId: BraneId): Promise<CheckpointPosition | undefined>;
  /**
   * The whole brane in encoded chunks: the newest checkpoint (if it cannot be had after all, the objects), or the objects as
   * they are now. Chunks of a checkpoint that are `known` need not be read. Undefined when there is no such brane, or it is
   * being purged.
   */
  state(
    braneId: BraneId,
    from: BraneState['from'],
    known: (key: string) => StateChunk | undefined,
  ): Promise<BraneState | undefined>;
  /** Those of the user's op ids that are part of the state at `seq` (SYNC R4). */
  committed(braneId: BraneId, userId: UserId, opIds: readonly OpId[], seq: number): Promise<OpId[]>;
  /** Why he was put out, as far as whoever did it has said. */
  putOut?(
    braneId: BraneId,
    userId: UserId,
    kind: 'kick' | 'ban',
  ): Promise<{ readonly reason: string; readonly until?: string } | undefined>;
}

/** Counts who is in a brane, over all gateways. */
export interface People {
  /** Counts him in; false when the brane is full. Keepers of order always get in. `most`: what the brane wants at most. */
  enter(
    braneId: BraneId,
    arrival: { readonly user_id: UserId; readonly isKeeper: boolean; readonly most?: number | undefined },
  ): Promise<boolean>;
  /** Once for each `enter` that was answered with true. */
  leave(braneId: BraneId, userId: UserId): void;
}

/** What the engine tells about itself; must not throw. */
export interface RealtimeMetrics {
  /** One log entry was handed to this many sockets. */
  delivered?(sockets: number): void;
  /** Entries that the bus did not bring and the log did (SYNC R5). */
  gapFilled?(entries: number): void;
  snapshotBuilt?(built: {
    readonly from: BraneState['from'];
    readonly objects: number;
    readonly bytes: number;
    readonly ms: number;
  }): void;
  /** A join was answered; a slow client that is brought up to date counts as `snapshot` too. */
  joined?(mode: 'snapshot' | 'replay', braneId: BraneId, userId: UserId): void;
  /** A slow socket's queued entries were dropped; it follows by the log from here. */
  fellBehind?(): void;
  /** One message was written to a socket. */
  wrote?(bytes: number, frames: number): void;
  /** A session ended: an error code of the table, or `closed` when the client went. */
  sessionEnded?(why: string): void;
  /** A frame was answered with this error. */
  refused?(code: string): void;
  /** A limit of this gateway was met: of sockets or edits, by one session, user, address or brane. */
  limited?(what: 'sockets' | 'edits', scope: 'session' | 'user' | 'address' | 'brane'): void;
}

/** One event name per fact; no token and no content in the fields. */
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

export interface GatewayDeps {
  readonly source: LogSource;
  readonly committer: Pick<Committer, 'edit' | 'undo' | 'redo'>;
  readonly bus: Bus;
  /** Without it nobody is counted, and no brane is full. */
  readonly people?: People;
  readonly authenticate: Authenticate;
  readonly revocations: Revocations;
  readonly environment: Environment;
  /** What differs from DEFAULT_LIMITS. */
  readonly limits?: Partial<RealtimeLimits>;
  readonly metrics?: RealtimeMetrics;
  readonly log?: Log;
}

/** What the door tells the engine of one connection. */
export interface Connection {
  message(data: Uint8Array | string): void;
  /** The connection is gone, whoever ended it. */
  closed(): void;
  /** The network took what was buffered. Only quickens: the engine looks for itself at every tick. */
  writable(): void;
}

export interface GatewayStats {
  readonly sessions: number;
  readonly rooms: number;
  /** Sessions × branes. */
  readonly seats: number;
  /** Queued here for sockets, shared frames counted at each. */
  readonly outboxBytes: number;
}

export interface Gateway {
  open(socket: Socket, peer: Peer): Connection;
  /**
   * Entries that this process has committed, on their way to the bus: its own clients get them without it (SYNC F2), and
   * before the ack (SYNC R4). To be called by `publish` of the committer.
   */
  deliver(braneId: BraneId, messages: readonly BraneMessage[]): void;
  /** Tells everybody who is signed in of something that answers nothing they sent: the store is read-only, say. */
  announce(error: StateError): void;
  /** Takes no new connection, lets edits finish, tells all clients to come back elsewhere, flushes, closes. Resolves when all are gone. */
  drain(): Promise<void>;
  stats(): GatewayStats;
}

export type { Position, SessionId };
