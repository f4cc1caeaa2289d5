import type { Timers } from '@state-server/domain';
import { newPrivateKeyPem, type TokenVerifier } from '@state-server/identity';
import { createMemoryHub } from '@state-server/messaging-memory';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import {
  createLogger,
  createService,
  type HttpService,
  loadConfig,
  realEnvironment,
  type Service,
} from '@state-server/platform';
import { decodeCbor, encodeCbor } from '@state-server/protocol';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { type AuthConfig, config as schema } from './config';
import type { OAuthOverrides } from './oauth-settings';
import { openAuth } from './start';

export const PEM = newPrivateKeyPem();
export const ENV = {
  NODE_ENV: 'test',
  HOST: '127.0.0.1',
  PORT: '0',
  METRICS_PORT: '0',
  JWT_PRIVATE_KEY: PEM,
  DEV_AUTH: 'true',
};

/** What production asks for between services; calls of a test come without a gateway. */
export const PRODUCTION_INTERNAL = {
  INTERNAL_SECRETS: 'kV3x9sLq72pTzWm4Yh8RbN6cJd1GfE5a',
  REQUIRE_INTERNAL: 'false',
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface TestAuth {
  readonly service: Service<AuthConfig>;
  readonly http: HttpService;
  readonly environment: FakeEnvironment;
  readonly lines: string[];
  readonly store: Store;
  send(
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; json?: true; headers?: Readonly<Record<string, string>> },
  ): Promise<Answer>;
}

const opened: Service[] = [];

export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((service) => service.close()));
}

/** The whole service on loopback, with time under control; its timers are real, because HTTP needs them. */
export async function startAuth(
  env: Record<string, string> = {},
  change: Partial<AuthConfig> = {},
  oauth: OAuthOverrides = {},
  around: (verifier: TokenVerifier) => TokenVerifier = (verifier) => verifier,
): Promise<TestAuth> {
  const fake = createFakeEnvironment({ start: Date.now() });
  const timers: Timers = realEnvironment.timers;
  const environment = { ...fake, timers };
  const lines: string[] = [];
  const log = createLogger({
    service: 'auth',
    instance: 'test',
    level: 'trace',
    to: { write: (line) => void lines.push(line) },
  });
  const config = { ...loadConfig(schema, { ...ENV, ...env }), ...change };
  const service = createService({ config, environment, log, processMetrics: false });
  opened.push(service);
  const store = createMemoryStore({ environment });
  const http = await openAuth(service, { store, bus: createMemoryHub().connect(), oauth, around });
  return { service, http, environment: fake, lines, store, send: sender(http.url) };
}

function sender(url: string): TestAuth['send'] {
  return async (method, path, { token, body, json, headers } = {}) => {
    const type = json ? 'application/json' : 'application/cbor';
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        accept: type,
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': type }),
      },
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : Buffer.from(encodeCbor(body)) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body: decode(response, bytes) };
  };
}

function decode(response: Response, bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) return {};
  const isCbor = response.headers.get('content-type') === 'application/cbor';
  const value: unknown = isCbor ? decodeCbor(bytes) : JSON.parse(new TextDecoder().decode(bytes));
  return value as Record<string, unknown>;
}

export const codeOf = ({ body }: Answer): unknown => (body['error'] as { code?: unknown } | undefined)?.code;
