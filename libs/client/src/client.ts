import { asBraneId, asOpId, asUserId, type BraneId, type Environment } from '@state-server/domain';
import { StateError, type WireFormat } from '@state-server/protocol';
import { browserEnvironment, browserFetch, browserWebSocket } from './browser-environment';
import { Connection, type ConnectionStatus, errorOf, type WebSocketConstructor } from './connection';
import { Emitter } from './emitter';
import { sdkError } from './errors';
import { type HttpAnswer, type HttpOptions, type HttpRequest, sendRequest } from './http';
import { LiveBrane } from './live-brane';
import { createRestApi, type RestApi } from './rest-api';
import { SeenPlaces } from './seen-places';
import { Tokens, type TokenSet, type TokenUser } from './tokens';

export interface ClientOptions {
  /** The one origin, e.g. `http://127.0.0.1:4000`. */
  readonly origin: string;
  /** Where the WebSocket is, if not at `/ws` of the origin. */
  readonly webSocketUrl?: string;
  /** Default `cbor`. */
  readonly format?: WireFormat;
  /** Default: the global one. Node before 22 has none: pass that of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  readonly fetch?: typeof fetch;
  readonly environment?: Environment;
  /** Milliseconds for one request, or for opening a session; default 10,000. */
  readonly deadlineMs?: number;
  /** Attempts for one request, the first included; default 4. */
  readonly attempts?: number;
  /** Says who is talking, in the server's logs. */
  readonly name?: string;
}

export interface ClientEvents {
  connection: ConnectionStatus;
  /** New tokens, to be kept by whoever wants to stay signed in; undefined after sign-out. */
  tokens: TokenSet | undefined;
  /** An error that belongs to no edit. */
  error: StateError;
}

const SDK = { name: 'state-server-sdk', version: '0.1.0' };

/** The SDK's one entrance. Opens nothing before it is asked to. */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}

/** One user's link to the platform: REST, and any number of live branes over one WebSocket session. */
export class Client {
  readonly events = new Emitter<ClientEvents>();
  readonly rest: RestApi;
  private readonly environment: Environment;
  private readonly http: HttpOptions;
  private readonly tokens: Tokens;
  private readonly connection: Connection;
  private readonly branes = new Map<BraneId, LiveBrane>();
  private readonly seen = new SeenPlaces();
  private renewal: { readonly token: string; readonly key: string } | undefined;

  constructor(options: ClientOptions) {
    const origin = options.origin.replace(/\/+$/, '');
    const format = options.format ?? 'cbor';
    const deadlineMs = options.deadlineMs ?? 10_000;
    this.environment = options.environment ?? browserEnvironment;
    this.http = {
      origin,
      format,
      fetch: options.fetch ?? browserFetch,
      environment: this.environment,
      deadlineMs,
      attempts: options.attempts ?? 4,
    };
    this.tokens = new Tokens(
      this.environment.clock,
      (refreshToken) => this.renewTokens(refreshToken),
      (set) => this.events.emit('tokens', set),
    );
    this.rest = createRestApi((request) => this.request(request), this.environment.ids);
    this.connection = new Connection({
      url: options.webSocketUrl ?? `${origin.replace(/^http/, 'ws')}/ws`,
      format,
      WebSocket: options.WebSocket ?? browserWebSocket(),
      environment: this.environment,
      client: { name: options.name ?? SDK.name, version: SDK.version },
      token: (force) => this.tokens.access({ force }),
      renewInMs: () => this.tokens.renewInMs(),
      openMs: deadlineMs,
    });
    this.connection.events.on('status', (status) => this.statusChanged(status));
    this.connection.events.on('frame', (frame) => this.dispatch(frame));
  }

  get user(): TokenUser | undefined {
    return this.tokens.user;
  }

  get status(): ConnectionStatus {
    return this.connection.status;
  }

  /** Development only: the same name is the same user. */
  async signInDev(name: string, email?: string): Promise<TokenUser> {
    const body = { name, ...(email === undefined ? {} : { email }) };
    const answer = await sendRequest(this.http, { method: 'POST', path: '/auth/dev', body });
    return this.useTokens(answer.body as TokenSet);
  }

  /** After a sign-in with a provider: the code that it came back with, and the verifier of its challenge. */
  async signInWithCode(code: string, verifier: string): Promise<TokenUser> {
    const body = { code, code_verifier: verifier };
    const answer = await sendRequest(this.http, { method: 'POST', path: '/auth/token', body });
    return this.useTokens(answer.body as TokenSet);
  }

  /** Goes on with tokens that were kept from an earlier run or came from an OAuth callback. */
  useTokens(set: TokenSet): TokenUser {
    this.tokens.set(set);
    return set.user;
  }

  /** Ends the session on the server and here. */
  async signOut(): Promise<void> {
    await this.request({ method: 'POST', path: '/auth/logout' });
    this.close();
    this.tokens.set(undefined);
  }

  /** One authenticated request; an expired token is renewed once. */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const token = await this.tokens.access();
    const answer = await this.sendWith(token, request).catch(async (error: unknown) => {
      if (!(error instanceof StateError) || error.code !== 'auth.expired') throw error;
      return this.sendWith(await this.tokens.access({ force: true }), request);
    });
    this.seen.answered(answer.headers);
    return answer;
  }

  /** A read says what was seen already, over the socket too. */
  private sendWith(token: string, request: HttpRequest): Promise<HttpAnswer> {
    if (request.method !== 'GET') return sendRequest(this.http, { ...request, token });
    for (const { position } of this.branes.values()) if (position) this.seen.see(position);
    return sendRequest(this.http, {
      ...request,
      token,
      headers: { ...this.seen.headers(), ...request.headers },
    });
  }

  /** Opens the WebSocket session; `join` does it by itself. */
  connect(): void {
    this.connection.open();
  }

  /** A brane, live. Resolves when its state is complete; rejects when it may not be seen. */
  async join(braneId: BraneId): Promise<LiveBrane> {
    const { user } = this;
    if (!user) throw sdkError('auth.required');
    const present = this.branes.get(braneId);
    if (present) return this.whenSynced(present);
    const brane = new LiveBrane({
      braneId,
      user: asUserId(user.id),
      environment: this.environment,
      send: (frame) => this.connection.send(frame),
      onLeave: () => this.branes.delete(braneId),
    });
    this.branes.set(braneId, brane);
    this.connection.open();
    if (this.connection.status.state === 'open') brane.sessionOpened();
    return this.whenSynced(brane);
  }

  /** Ends the session; edits that are still waiting are rejected. Await `whenSaved()` of a brane first to be sure. */
  close(): void {
    for (const brane of [...this.branes.values()]) brane.leave();
    this.connection.close();
  }

  private whenSynced(brane: LiveBrane): Promise<LiveBrane> {
    if (brane.live) return Promise.resolve(brane);
    return new Promise<LiveBrane>((resolve, reject) => {
      const stop = [
        brane.events.on('synced', () => settle(() => resolve(brane))),
        brane.events.on('left', ({ reason }) =>
          settle(() => reject(sdkError('brane.not_found', { brane_id: brane.id, reason }))),
        ),
        this.events.on('connection', (status) => {
          if (status.state === 'closed') settle(() => reject(status.error ?? sdkError('brane.not_joined')));
        }),
      ];
      const settle = (finish: () => void): void => {
        for (const off of stop) off();
        finish();
      };
    });
  }

  private statusChanged(status: ConnectionStatus): void {
    for (const brane of [...this.branes.values()]) {
      if (status.state === 'open') brane.sessionOpened();
      else brane.sessionLost();
    }
    this.events.emit('connection', status);
  }

  private dispatch(frame: Parameters<LiveBrane['receive']>[0]): void {
    if (frame.type === 'system.error') {
      this.errorFrame(frame);
      return;
    }
    if ('brane_id' in frame) this.branes.get(frame.brane_id)?.receive(frame);
  }

  private errorFrame(frame: Extract<Parameters<LiveBrane['receive']>[0], { type: 'system.error' }>): void {
    const error = errorOf(frame);
    const brane = frame.brane_id === undefined ? undefined : this.branes.get(asBraneId(frame.brane_id));
    if (brane && frame.op_id !== undefined && brane.refused(error, asOpId(frame.op_id))) return;
    const mayBeJoin = brane && !brane.live && frame.op_id === undefined;
    if (mayBeJoin && brane.joinRefused(error, frame.in_reply_to)) return;
    // Of an edit that meanwhile is in the log, or of a ping: nobody has to do anything about it.
    if (error.retryable && (frame.op_id !== undefined || error.code === 'rate.limited')) return;
    this.events.emit('error', error);
  }

  private async renewTokens(refreshToken: string): Promise<TokenSet> {
    // The same key until the answer has come through: one that was lost can be had again.
    if (this.renewal?.token !== refreshToken) {
      this.renewal = { token: refreshToken, key: this.environment.ids.uuid() };
    }
    const answer = await sendRequest(this.http, {
      method: 'POST',
      path: '/auth/refresh',
      body: { refresh_token: refreshToken },
      headers: { 'idempotency-key': this.renewal.key },
    });
    return answer.body as TokenSet;
  }
}
