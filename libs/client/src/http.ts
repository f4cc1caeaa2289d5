import type { Environment } from '@state-server/domain';
import {
  decodeCbor,
  decodeJson,
  encodeCbor,
  encodeJson,
  type ErrorCode,
  FROM_SERVER,
  MEDIA_TYPES,
  StateError,
  type WireFormat,
} from '@state-server/protocol';
import { backoff } from './backoff';
import { sdkError } from './errors';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface HttpOptions {
  readonly origin: string;
  readonly format: WireFormat;
  readonly fetch: typeof fetch;
  readonly environment: Environment;
  /** Milliseconds for one attempt. */
  readonly deadlineMs: number;
  /** Attempts, the first included. */
  readonly attempts: number;
}

const RETRY = { firstMs: 200, maxMs: 5_000 };

/**
 * One request with its deadline, tried again while the answer is retryable. Safe, because whatever changes something
 * carries an Idempotency-Key or an op id that stays the same over the attempts.
 */
export async function sendRequest(options: HttpOptions, request: HttpRequest): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendOnce(options, request);
    } catch (error) {
      const last = attempt >= options.attempts;
      if (last || !(error instanceof StateError) || !error.retryable) throw error;
      const pause = error.retryAfterMs ?? backoff(attempt, options.environment.random, RETRY);
      await new Promise<void>((resolve) => {
        options.environment.timers.set(pause, resolve);
      });
    }
  }
}

async function sendOnce(options: HttpOptions, request: HttpRequest): Promise<HttpAnswer> {
  const { environment } = options;
  const abort = new AbortController();
  const timer = environment.timers.set(options.deadlineMs, () => abort.abort());
  try {
    const response = await options.fetch(urlOf(options.origin, request), {
      method: request.method,
      headers: headersOf(options, request),
      signal: abort.signal,
      ...(request.body === undefined ? {} : { body: encodeBody(options.format, request.body) }),
    });
    const body = decodeBody(response, new Uint8Array(await response.arrayBuffer()));
    if (!response.ok) throw errorOf(response, body);
    return { status: response.status, headers: response.headers, body };
  } catch (error) {
    if (error instanceof StateError) throw error;
    const message = abort.signal.aborted
      ? `${request.method} ${request.path}: no answer within ${options.deadlineMs} ms`
      : `${request.method} ${request.path}: ${error instanceof Error ? error.message : String(error)}`;
    throw sdkError('upstream.unavailable', undefined, message, { cause: error });
  } finally {
    environment.timers.clear(timer);
  }
}

function urlOf(origin: string, request: HttpRequest): string {
  const query = Object.entries(request.query ?? {}).filter(([, value]) => value !== undefined);
  const search = query.map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`,
  );
  return `${origin}${request.path}${search.length > 0 ? `?${search.join('&')}` : ''}`;
}

function headersOf(options: HttpOptions, request: HttpRequest): Record<string, string> {
  const media = MEDIA_TYPES[options.format];
  return {
    accept: media,
    ...(request.body === undefined ? {} : { 'content-type': media }),
    ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
    ...request.headers,
  };
}

function encodeBody(format: WireFormat, body: unknown): BodyInit {
  return format === 'cbor' ? new Uint8Array(encodeCbor(body)) : encodeJson(body);
}

function decodeBody(response: Response, bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return undefined;
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith(MEDIA_TYPES.cbor)) return decodeCbor(bytes, FROM_SERVER);
  if (type.startsWith(MEDIA_TYPES.json)) return decodeJson(new TextDecoder().decode(bytes), FROM_SERVER);
  return new TextDecoder().decode(bytes);
}

interface Envelope {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly retryable: boolean;
    readonly details?: Record<string, unknown>;
  };
}

function isEnvelope(body: unknown): body is Envelope {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
}

function errorOf(response: Response, body: unknown): StateError {
  const { status } = response;
  const seconds = Number(response.headers.get('retry-after'));
  const wait = seconds > 0 ? { retryAfterMs: seconds * 1_000 } : {};
  if (!isEnvelope(body)) {
    const message = `${status} without an error envelope`;
    const code = status >= 500 ? 'upstream.unavailable' : 'internal';
    return new StateError(code, message, { status, retryable: status >= 500 }, { status }, wait);
  }
  const { code, message, retryable, details } = body.error;
  return new StateError(code, message, { status, retryable }, details, wait);
}
