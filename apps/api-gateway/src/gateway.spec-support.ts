import { createCommitter, type Committer } from '@state-server/commit';
import { asSessionId, asUserId, type Environment, type SessionId, type UserId } from '@state-server/domain';
import { createTestTokens, type Revocations, type TestTokens } from '@state-server/identity';
import { createMemoryStore, type MemoryKv } from '@state-server/persistence-memory';
import type { ReadCache, RevocationDoc, Store } from '@state-server/persistence-port';
import {
  createService,
  type HttpService,
  type Limiter,
  loadConfig,
  realEnvironment,
  type Service,
  silentLogger,
} from '@state-server/platform';
import { decodeCbor, decodeJson, encodeCbor, encodeJson, FROM_SERVER } from '@state-server/protocol';
import { type ApiGatewayConfig, config } from './config';
import { openGateway } from './gateway';
import type { Quotas } from './limits/rate-limits';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Decoded; text where it is neither CBOR nor JSON. */
  readonly body: unknown;
}

export interface Ask {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: Uint8Array<ArrayBuffer> | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body and of the answer; default json. */
  readonly as?: 'cbor' | 'json';
  /** The Idempotency-Key. */
  readonly key?: string;
}

export interface Caller {
  readonly id: UserId;
  readonly session: SessionId;
  readonly name: string;
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  /** The same user at another gateway. */
  at(other: TestGateway): Pick<Caller, 'ask'>;
}

export interface TestGateway {
  readonly http: HttpService;
  readonly service: Service<ApiGatewayConfig>;
  readonly store: Store;
  readonly committer: Committer;
  readonly tokens: TestTokens;
  /** A user with a session and a token. */
  user(name: string): Promise<Caller>;
  /** Somebody who sends no token. */
  readonly nobody: Pick<Caller, 'ask'>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly quotas?: Partial<Quotas>;
  readonly limiter?: (environment: Environment) => Limiter;
  readonly environment?: Environment;
  /** A database that several gateways share, as processes share a directory. */
  readonly kv?: MemoryKv;
  /** Put between the doors and the store. */
  readonly around?: (store: Store) => Store;
  readonly revocations?: Revocations;
  readonly announce?: (revocation: RevocationDoc) => void;
  /** Put beneath everything, the write path too. */
  readonly beneath?: (store: Store) => Store;
  /** Keeps what was read from that store, and is told what the write path commits. */
  readonly cacheOver?: (store: Store) => { readonly store: Store; readonly cache: ReadCache };
  /** Of another gateway, whose users are to be known here. */
  readonly tokens?: TestTokens;
}

/** The real app on loopback, over a store in memory and the real write path. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const environment = options.environment ?? realEnvironment;
  const memory = createMemoryStore({ environment, ...(options.kv && { kv: options.kv }) });
  const stored = options.beneath?.(memory) ?? memory;
  const { store, cache } = options.cacheOver?.(stored) ?? { store: stored, cache: undefined };
  const committer = createCommitter({
    store,
    environment,
    publish: () => undefined,
    writerId: crypto.randomUUID(),
  });
  const tokens =
    options.tokens ??
    (await createTestTokens({
      environment,
      store,
      ...(options.revocations && { revocations: options.revocations }),
    }));
  const settings = { NODE_ENV: 'test', PORT: '0', METRICS_PORT: '0', ...options.env };
  const service = createService({
    config: loadConfig(config, settings),
    environment,
    log: silentLogger(),
    processMetrics: false,
  });
  service.onClose('committer', () => committer.drain());
  const http = await openGateway(service, {
    store: options.around?.(store) ?? store,
    cache,
    committer,
    verifier: tokens.verifier,
    ...(options.announce && { announce: options.announce }),
    ...(options.quotas && { quotas: options.quotas }),
    ...(options.limiter && { limiter: options.limiter(environment) }),
  });
  return {
    http,
    service,
    store,
    committer,
    tokens,
    user: (name) => createCaller(http.url, store, tokens, name),
    nobody: { ask: (method, path, ask) => send(http.url, undefined, method, path, ask) },
    close: async () => {
      await service.close();
      await store.close();
    },
  };
}

async function createCaller(url: string, store: Store, tokens: TestTokens, name: string): Promise<Caller> {
  const id = asUserId(crypto.randomUUID());
  const session = asSessionId(crypto.randomUUID());
  const at = new Date().toISOString();
  const expires_at = new Date(Date.now() + 3_600_000).toISOString();
  await store.transact({ label: 'spec' }, async (tx) => {
    tx.put('users', { id, name, roles: ['user'], version: 1, created_at: at, updated_at: at });
    tx.put('sessions', { id: session, user_id: id, created_at: at, last_used_at: at, expires_at });
  });
  const token = await tokens.issue({ user_id: id, session_id: session, name });
  return {
    id,
    session,
    name,
    ask: (method, path, ask) => send(url, token, method, path, ask),
    at: (other) => ({ ask: (method, path, ask) => send(other.http.url, token, method, path, ask) }),
  };
}

async function send(
  url: string,
  token: string | undefined,
  method: string,
  path: string,
  { body, raw, headers = {}, as = 'json', key }: Ask = {},
): Promise<Answer> {
  const payload = raw ?? (body === undefined ? undefined : encode(body, as));
  const answer = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
    headers: {
      accept: `application/${as}`,
      ...(payload === undefined ? {} : { 'content-type': `application/${as}` }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: payload }),
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, body: decode(answer.headers, bytes) };
}

function encode(body: unknown, as: 'cbor' | 'json'): Uint8Array<ArrayBuffer> | string {
  return as === 'json' ? encodeJson(body) : new Uint8Array(encodeCbor(body));
}

function decode(headers: Headers, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  const type = headers.get('content-type');
  if (type === 'application/cbor') return decodeCbor(bytes, FROM_SERVER);
  const text = new TextDecoder().decode(bytes);
  return type?.startsWith('application/json') === true ? decodeJson(text, FROM_SERVER) : text;
}

/** The code of an error's envelope. */
export function codeOf({ body }: Answer): unknown {
  return fieldOf(fieldOf(body, 'error'), 'code');
}

/** A field of a body; undefined where there is none. */
export function fieldOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

/** A field of a body that must be text. */
export function textOf({ body }: Answer, name: string): string {
  const value = fieldOf(body, name);
  if (typeof value !== 'string') throw new TypeError(`the answer has no ${name}: ${JSON.stringify(body)}`);
  return value;
}

/** Makes a brane and answers its id. */
export async function makeBrane(
  owner: Caller,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return textOf(await owner.ask('POST', '/brane', { body: { name: 'town', ...fields } }), 'id');
}

/** Makes a group and answers its id. */
export async function makeGroup(
  owner: Caller,
  braneId: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const body = { brane_id: braneId, parent_id: braneId, kind: 'group', ...fields };
  return textOf(await owner.ask('POST', '/object', { body, key: crypto.randomUUID() }), 'id');
}

/** Makes a prototype without a version and answers its id. */
export async function makePrototype(
  owner: Caller,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const ask = { body: { name: 'lamp', ...fields }, key: crypto.randomUUID() };
  return textOf(await owner.ask('POST', '/prototype', ask), 'id');
}

/** Publishes a version of one group, and makes an instance of it in the brane; answers its id. */
export async function makeInstance(owner: Caller, prototypeId: string, braneId: string): Promise<string> {
  const body = { nodes: [{ key: 'root', kind: 'group' }] };
  await owner.ask('POST', `/prototype/${prototypeId}/versions`, { body, key: crypto.randomUUID() });
  const ask = { body: { brane_id: braneId, parent_id: braneId }, key: crypto.randomUUID() };
  return textOf(await owner.ask('POST', `/prototype/${prototypeId}/instances`, ask), 'id');
}

/** Lets requests look for their Idempotency-Key at the same moment: none goes on before all of them have looked. */
export class Starter {
  private waiting = 0;
  private expected = 0;
  private release: () => void = () => undefined;
  private released: Promise<void> = Promise.resolve();

  /** From now on, for so many requests. */
  expect(requests: number): void {
    this.expected = requests;
    this.waiting = 0;
    this.released = new Promise((resolve) => (this.release = resolve));
  }

  readonly around = (store: Store): Store => ({
    kind: store.kind,
    transact: (options, callback) => store.transact(options, callback),
    read: async (options, callback) => {
      const found = await store.read(options, callback);
      if (options.label === 'idempotency.find' && this.waiting < this.expected) await this.line();
      return found;
    },
    check: () => store.check(),
    close: () => store.close(),
  });

  private async line(): Promise<void> {
    this.waiting += 1;
    if (this.waiting === this.expected) this.release();
    await this.released;
  }
}
