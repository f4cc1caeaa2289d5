import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface VaultCall {
  readonly method: 'GET' | 'POST';
  /** Below `/v1/`. */
  readonly path: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
}

export interface VaultAnswer {
  readonly status: number;
  /** Decoded JSON; undefined where there is none. */
  readonly body: unknown;
}

export interface VaultHttpOptions {
  /** `https://vault.example:8200`. */
  readonly address: string;
  readonly namespace?: string | undefined;
  /** PEM of those who sign its certificate; default: those of the machine. */
  readonly ca?: string | undefined;
  /** Of one call, to the end of its answer, ms. */
  readonly deadlineMs: number;
}

/** No answer that can be used. The message is in our words: those of a parser would repeat what came. */
export class VaultCallError extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'VaultCallError';
  }
}

const MAX_BYTES = 2 * 1024 * 1024;

/** One call to Vault's HTTP API. Throws VaultCallError. Redirects are not followed: our token would go along. */
export async function callVault(options: VaultHttpOptions, call: VaultCall): Promise<VaultAnswer> {
  const { status, text } = await exchange(options, call).catch((error: unknown) => {
    throw error instanceof VaultCallError ? error : new VaultCallError(wordsOf(error, options));
  });
  if (text.trim() === '') return { status, body: undefined };
  try {
    return { status, body: JSON.parse(text) as unknown };
  } catch {
    if (status >= 400) return { status, body: undefined };
    throw new VaultCallError('its answer is no JSON');
  }
}

function exchange(
  { address, namespace, ca, deadlineMs }: VaultHttpOptions,
  { method, path, token, body }: VaultCall,
): Promise<{ status: number; text: string }> {
  const url = new URL(`/v1/${path}`, address);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    accept: 'application/json',
    'x-vault-request': 'true',
    ...(token === undefined ? {} : { 'x-vault-token': token }),
    ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
  };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(deadlineMs);
    const begin = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = begin(url, { method, headers, signal, ...(ca === undefined ? {} : { ca }) });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > MAX_BYTES) request.destroy(new VaultCallError('its answer is too long'));
      });
      response.on('error', reject);
      response.on('close', () => {
        if (!response.complete) reject(new VaultCallError('its answer ended too soon'));
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.end(payload);
  });
}

function wordsOf(error: unknown, { deadlineMs }: VaultHttpOptions): string {
  const name = String(field(error, 'name'));
  if (name === 'TimeoutError' || name === 'AbortError') return `it does not answer within ${deadlineMs} ms`;
  return `it cannot be reached (${String(field(error, 'code'))})`;
}

/** A field of something that came from outside; undefined where it has none. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** What a status that is no success means, for people. */
export function statusWords(status: number): string {
  return status === 503 ? 'it is sealed, or in maintenance (503)' : `it answers with ${status}`;
}
