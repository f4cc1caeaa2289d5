import { asSessionId } from '@state-server/domain';
import {
  CLOSE_NORMAL,
  type ClientFrame,
  decodeFrame,
  encodeFrame,
  type ErrorCode,
  errorRow,
  fail,
  type FrameReference,
  parseClientFrame,
  PROTOCOL_VERSION,
  type ServerFrame,
  type SessionHelloFrame,
  type StateError,
  toStateError,
  toSystemError,
} from '@state-server/protocol';
import { byteLength, mutationIn, type Message, peek, referenceIn, wrongForm } from './client-message';
import { endOf } from './identity-end';
import { limitsForClients } from './limits';
import { OpenSession, type OpenSessionDeps } from './open-session';
import { Outbox, type OutboxEvents } from './outbox';
import type { Connection, Log, Peer, RealtimeMetrics, Revocations, Socket } from './ports';
import { TokenBucket } from './token-bucket';
import type { WriteSchedule } from './write-schedule';

export interface SessionDeps extends OpenSessionDeps {
  readonly schedule: WriteSchedule;
  readonly revocations: Revocations;
  readonly metrics: RealtimeMetrics;
  readonly log: Log;
  readonly onEnd: (session: Session) => void;
}

type SessionState =
  | { readonly kind: 'awaiting_hello' }
  /** What comes in meanwhile is looked at once the client is known. */
  | { readonly kind: 'authenticating'; readonly early: (Uint8Array | string)[] }
  | { readonly kind: 'open'; readonly open: OpenSession }
  | { readonly kind: 'closed' };

/** What no client that works sends often: each costs more than it is worth to read. */
const SPOILED: ReadonlySet<ErrorCode> = new Set(['frame.malformed', 'frame.invalid', 'frame.too_large']);
const MINUTE_S = 60;

/** One connection: who speaks, whether the frame may come now, and when it is over. */
export class Session implements Connection, OutboxEvents {
  private state: SessionState = { kind: 'awaiting_hello' };
  readonly outbox: Outbox;
  private readonly frames: TokenBucket;
  /** Places among those that are counted, to be given back at the end. */
  private readonly held: (() => void)[] = [];
  private readonly openedAt: number;
  private heardAt: number;
  /** What is left of the patience with frames over the rate, and with those that cannot be read: from the first of them on. */
  private refusals: TokenBucket | undefined;
  private spoiled: TokenBucket | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly peer: Peer,
    private readonly deps: SessionDeps,
  ) {
    const { environment, limits, schedule } = deps;
    this.openedAt = environment.clock.monotonic();
    this.heardAt = this.openedAt;
    this.frames = new TokenBucket(environment.clock, limits.frames_per_second, limits.frames_burst);
    this.outbox = new Outbox(peer.format, socket, schedule, environment.clock, limits, this);
  }

  /** Edits that are not answered yet. */
  get openEdits(): number {
    return this.state.kind === 'open' ? this.state.open.openEdits : 0;
  }

  /** Nothing is queued here or buffered in the socket. */
  get isFlushed(): boolean {
    return this.outbox.queuedBytes === 0 && this.socket.bufferedBytes === 0;
  }

  message(data: Message): void {
    if (this.state.kind === 'closed') return;
    this.heardAt = this.deps.environment.clock.monotonic();
    const { frame_bytes: most } = this.deps.limits;
    const bytes = byteLength(data, most);
    // A large message costs as much as the frames that would have fitted into it.
    const retryAfterMs = this.frames.take(Math.max(1, Math.ceil(bytes / most)));
    if (retryAfterMs > 0) {
      const error = fail('rate.limited', { limit: 'frames' }, undefined, { retryAfterMs });
      this.refusals ??= this.perMinute(this.deps.limits.frames_refused);
      if (this.refusals.take() > 0) this.end(error);
      // What is too large besides is not even read to be named.
      else this.refuse(error, bytes > most ? {} : referenceIn(peek(data)));
      return;
    }
    if (bytes > most) this.refuseUnread(fail('frame.too_large', { bytes, max_bytes: most }), peek(data));
    else if (this.state.kind === 'authenticating') this.later(data, this.state.early);
    else this.read(data);
  }

  /** Keeps a place until the session is over. */
  hold(release: () => void): void {
    this.held.push(release);
  }

  closed(): void {
    this.over('closed');
  }

  writable(): void {
    if (this.outbox.congested) this.outbox.flush();
  }

  /** To be called every `beat_ms`. */
  beat(): void {
    const { environment, limits, revocations } = this.deps;
    const now = environment.clock.monotonic();
    if (this.state.kind !== 'open') {
      if (now - this.openedAt >= limits.hello_ms) this.end(fail('session.hello_timeout'));
      return;
    }
    const { identity } = this.state.open;
    if (revocations.isRevoked(identity)) this.end(fail('auth.revoked'));
    else if (environment.clock.now() >= endOf(identity, limits.refresh_grace_ms))
      this.end(fail('auth.expired'));
    else if (now - this.heardAt >= limits.silence_ms) this.end(fail('session.silent'));
  }

  overflow(): void {
    const isEnough = this.state.kind === 'open' ? this.state.open.thin() : false;
    if (!isEnough) this.end(fail('session.slow'));
  }

  recovered(): void {
    if (this.state.kind === 'open') this.state.open.recovered();
  }

  stuck(): void {
    this.end(fail('session.slow'));
  }

  wrote(bytes: number, frames: number): void {
    this.deps.metrics.wrote?.(bytes, frames);
  }

  tell(frame: ServerFrame): void {
    this.outbox.push(encodeFrame(frame, this.peer.format));
  }

  announce(error: StateError): void {
    if (this.state.kind === 'open') this.tell(toSystemError(error));
  }

  /** Says why, then closes with the code that tells the client whether to come back. */
  end(error: StateError, inReplyTo: FrameReference = {}): void {
    if (this.state.kind === 'closed') return;
    if (error.code !== 'session.slow') {
      this.tell(toSystemError(error, inReplyTo));
      this.outbox.finish();
    }
    const { code } = error;
    this.over(code);
    this.socket.close(errorRow(code).close ?? CLOSE_NORMAL, code);
  }

  private read(data: Message): void {
    let raw: unknown;
    try {
      if ((typeof data === 'string') !== (this.peer.format === 'json')) throw wrongForm(this.peer.format);
      raw = decodeFrame(data);
    } catch (error) {
      this.refuse(error, {});
      return;
    }
    let frame: ClientFrame;
    try {
      frame = parseClientFrame(raw);
    } catch (error) {
      this.refuseUnread(error, raw);
      return;
    }
    try {
      this.handle(frame);
    } catch (error) {
      this.refuse(error, frame);
    }
  }

  private handle(frame: ClientFrame): void {
    switch (this.state.kind) {
      case 'awaiting_hello':
        if (frame.type !== 'session.hello') throw fail('session.hello_required');
        this.hello(frame);
        return;
      case 'open':
        if (frame.type === 'session.hello') throw fail('session.already_open');
        if (this.deps.revocations.isRevoked(this.state.open.identity)) this.end(fail('auth.revoked'));
        else this.state.open.handle(frame);
        return;
      case 'authenticating':
      case 'closed':
        return;
      default:
        this.state satisfies never;
    }
  }

  private hello(frame: SessionHelloFrame): void {
    if (frame.client.protocol !== PROTOCOL_VERSION) {
      this.end(fail('session.protocol_unsupported', { supported: [PROTOCOL_VERSION] }), frame);
      return;
    }
    const early: Message[] = [];
    this.state = { kind: 'authenticating', early };
    const credentials = 'token' in frame ? { token: frame.token } : { ticket: frame.ticket };
    this.deps
      .authenticate(credentials, this.peer)
      .then((identity) => {
        if (this.state.kind !== 'authenticating') return;
        if (this.deps.revocations.isRevoked(identity)) throw fail('auth.revoked');
        this.hold(this.deps.admission.enterAs(identity.user_id));
        const sessionId = asSessionId(this.deps.environment.ids.uuid());
        const refuse = (error: unknown, to: FrameReference): void => this.refuse(error, to);
        const open = new OpenSession(sessionId, identity, this.outbox, this.peer, this.deps, refuse);
        this.state = { kind: 'open', open };
        this.welcome(open, frame);
        for (const data of early) this.read(data);
      })
      .catch((error: unknown) => this.end(toStateError(error), frame));
  }

  private welcome({ identity, sessionId }: OpenSession, hello: SessionHelloFrame): void {
    const { limits, environment, log } = this.deps;
    log('info', 'realtime.session.opened', {
      session_id: sessionId,
      user_id: identity.user_id,
      address: this.peer.address,
      format: this.peer.format,
      client: `${hello.client.name} ${hello.client.version}`,
    });
    this.tell({
      type: 'session.welcome',
      ...(hello.id === undefined ? {} : { in_reply_to: hello.id }),
      session_id: sessionId,
      user: { id: identity.user_id, name: identity.name, ...(identity.guest && { guest: true as const }) },
      heartbeat_ms: limits.heartbeat_ms,
      server_time: new Date(environment.clock.now()).toISOString(),
      limits: limitsForClients(limits),
    });
  }

  private later(data: Message, early: Message[]): void {
    if (early.length < this.deps.limits.frames_before_welcome) early.push(data);
    else
      this.refuse(
        fail('session.hello_required', undefined, 'Wait for session.welcome.'),
        referenceIn(peek(data)),
      );
  }

  /** A frame that is refused for its form; if it is an edit its number is used up, so that the next one is welcome. */
  private refuseUnread(error: unknown, raw: unknown): void {
    const reference = referenceIn(raw);
    try {
      const mutation = mutationIn(raw);
      if (this.state.kind === 'open' && mutation) this.state.open.spoiled(mutation);
      this.refuse(error, reference);
    } catch (outOfOrder) {
      this.refuse(outOfOrder, reference);
    }
  }

  private refuse(thrown: unknown, frame: FrameReference): void {
    const error = toStateError(thrown);
    if (error.code === 'internal')
      this.deps.log('error', 'realtime.frame.failed', { err: error.cause ?? error });
    this.deps.metrics.refused?.(error.code);
    const isTooMuch = SPOILED.has(error.code) && this.isSpoiledTooOften();
    if (isTooMuch) this.end(fail('frame.too_many_spoiled', { last: error.code }), frame);
    else this.tell(toSystemError(error, frame));
  }

  private isSpoiledTooOften(): boolean {
    this.spoiled ??= this.perMinute(this.deps.limits.frames_spoiled);
    return this.spoiled.take() > 0;
  }

  private perMinute(most: number): TokenBucket {
    return new TokenBucket(this.deps.environment.clock, most / MINUTE_S, most);
  }

  private over(why: ErrorCode | 'closed'): void {
    const { state } = this;
    if (state.kind === 'closed') return;
    this.state = { kind: 'closed' };
    const open = state.kind === 'open' ? state.open : undefined;
    open?.close();
    this.outbox.close();
    this.deps.metrics.sessionEnded?.(why);
    if (open) this.deps.log('info', 'realtime.session.ended', { session_id: open.sessionId, why });
    for (const release of this.held.splice(0)) release();
    this.deps.onEnd(this);
  }
}
