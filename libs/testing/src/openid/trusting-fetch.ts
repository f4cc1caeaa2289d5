import { request as requestPlain } from 'node:http';
import { Agent, request } from 'node:https';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** One request over HTTP or HTTPS that trusts this certificate besides no other; redirects are answers. */
export function ask(ca: string | undefined, url: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body, signal } = options;
  const secure = url.startsWith('https:');
  const agent = secure ? { agent: new Agent({ ca, keepAlive: false }) } : {};
  return new Promise((resolve, reject) => {
    const started = (secure ? request : requestPlain)(
      url,
      { method, headers: { ...headers }, signal, ...agent },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(parts).toString('utf8'),
          }),
        );
      },
    );
    started.on('error', reject);
    started.end(body);
  });
}

/** `fetch` that trusts this certificate. */
export function trustingFetch(ca: string): (url: string, init?: RequestInit) => Promise<Response> {
  return async (url, init = {}) => {
    const body = init.body instanceof URLSearchParams ? init.body.toString() : textOf(init.body);
    const { status, headers, text } = await ask(ca, url, {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(body !== undefined && { body }),
      ...(init.signal && { signal: init.signal }),
    });
    const type = headers['content-type'];
    return new Response(text, { status, headers: typeof type === 'string' ? { 'content-type': type } : {} });
  };
}

/** Libraries send forms as text. */
function textOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body !== 'string') throw new TypeError('only text is sent here');
  return body;
}
