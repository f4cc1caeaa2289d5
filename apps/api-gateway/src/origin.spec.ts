import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { freePort, until } from '@state-server/testing';
import {
  codeOf,
  fieldOf,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from './gateway.spec-support';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(options);
  closers.push(() => gateway.close());
  return gateway;
}

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A service that answers as the test says. */
async function neighbour(handler: Handler): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => handler(request, response, body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe('/auth (REST-AUTH-1)', () => {
  const echo: Handler = ({ method, url, headers }, response, body) => {
    response.writeHead(201, {
      'content-type': 'application/json',
      'x-own': 'yes',
      'set-cookie': ['a=1', 'b=2'],
    });
    response.end(JSON.stringify({ method, url, headers, body }));
  };

  it('is forwarded with body, query and status as they are, and the client address', async () => {
    const { url } = await neighbour(echo);
    const { nobody } = await open({ env: { AUTH_URL: url } });
    const answer = await nobody.ask('POST', '/auth/dev?x=%20y', {
      raw: '{"name":  "Ada"}',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': '8.8.8.8',
        'x-forwarded-proto': 'https',
        te: 'trailers',
        'x-request-id': 'mine',
      },
    });
    expect([answer.status, answer.headers.get('x-own')]).toEqual([201, 'yes']);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answer.body).toMatchObject({ method: 'POST', url: '/auth/dev?x=%20y', body: '{"name":  "Ada"}' });
    const headers = fieldOf(answer.body, 'headers');
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-request-id': 'mine',
      traceparent: expect.stringMatching(/^00-/) as unknown,
    });
    expect(headers).not.toHaveProperty('te');
  });

  it('answers are streamed while they come', async () => {
    let finish: (() => void) | undefined;
    const { url } = await neighbour((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('first');
      finish = () => response.end('last');
    });
    const { http } = await open({ env: { AUTH_URL: url } });
    const answer = await fetch(`${http.url}/auth/session`);
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('first');
    finish?.();
    const last = await reader?.read();
    expect(Buffer.from(last?.value ?? []).toString()).toBe('last');
  });

  it('is 502 when the service is away, 504 when it is silent', async () => {
    const away = await open({ env: { AUTH_URL: `http://127.0.0.1:${await freePort()}` } });
    const refused = await away.nobody.ask('GET', '/auth/session');
    expect([refused.status, codeOf(refused)]).toEqual([502, 'upstream.unavailable']);
    const { url } = await neighbour(() => undefined);
    const silent = await open({ env: { AUTH_URL: url, REQUEST_TIMEOUT_MS: '200' } });
    const late = await silent.nobody.ask('GET', '/auth/session', { as: 'cbor' });
    expect([late.status, codeOf(late)]).toEqual([504, 'request.deadline']);
  });

  it('does not lead out of /auth (REST-SEE-2)', async () => {
    const seen: (string | undefined)[] = [];
    const { url } = await neighbour(({ url: path }, response) => {
      seen.push(path);
      response.end();
    });
    const { http } = await open({ env: { AUTH_URL: url } });
    const raw = async (path: string): Promise<string> => {
      const socket = connect(http.port, '127.0.0.1');
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      return text.split(' ', 2)[1] ?? '';
    };
    const paths = [
      '/auth/../internal/x',
      '/auth/%2e%2e/internal/x',
      '/auth/..%2finternal',
      '/auth\\..\\internal',
      '/internal/callbacks/x',
    ];
    for (const path of paths) expect([path, await raw(path)]).toEqual([path, '404']);
    expect(seen).toEqual([]);
  });
});

describe('/ws (REST-SPLICE-1)', () => {
  async function echoGateway(): Promise<string> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    server.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    closers.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('leads to a sync-gateway', async () => {
    const gateway = await open({ env: { SYNC_GATEWAY_URLS: await echoGateway() } });
    const socket = new WebSocket(gateway.http.url.replace('http', 'ws') + '/ws');
    closers.push(() => socket.terminate());
    await once(socket, 'open');
    socket.send('hello');
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toBe('hello');
    const home = await gateway.nobody.ask('GET', '/');
    expect(fieldOf(home.body, 'sockets')).toBe(1);
    const { text } = await gateway.service.metrics.render();
    expect(text).toMatch(/splice_connections\{.*\} 1/);
  });

  it('is 503 in the envelope when there is no gateway, and 404 elsewhere (REST-SPLICE-4)', async () => {
    const gateway = await open({ env: { SYNC_GATEWAY_URLS: `http://127.0.0.1:${await freePort()}` } });
    const refusal = async (path: string): Promise<unknown> => {
      const socket = new WebSocket(gateway.http.url.replace('http', 'ws') + path);
      socket.on('error', () => undefined);
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
      let body = '';
      for await (const chunk of response) body += String(chunk);
      return [response.statusCode, fieldOf(fieldOf(JSON.parse(body), 'error'), 'code')];
    };
    expect(await refusal('/ws')).toEqual([503, 'dependency.unavailable']);
    expect(await refusal('/brane')).toEqual([404, 'request.not_found']);
  });

  it('is ended when the service ends, without waiting for its clients', async () => {
    const gateway = await startTestGateway({ env: { SYNC_GATEWAY_URLS: await echoGateway() } });
    const socket = new WebSocket(gateway.http.url.replace('http', 'ws') + '/ws');
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await gateway.close();
    await closed;
  });

  it.each([
    ['without a body', 'GET /auth/x', '', '', 'body of 0'],
    ['with a body', 'POST /auth/x', 'Content-Length: 2\r\n', '{}', 'body of 2'],
    [
      'with a chunked body',
      'POST /auth/x',
      'Transfer-Encoding: chunked\r\n',
      '3\r\nabc\r\n0\r\n\r\n',
      'body of 3',
    ],
  ])(
    'is not meant by an offer of h2c: a request %s is answered as it is (REST-SPLICE-7)',
    async (_what, line, fields, body, told) => {
      const auth = await neighbour((_request, response, sent) => response.end(`body of ${sent.length}`));
      const { http } = await open({ env: { AUTH_URL: auth.url } });
      const socket = connect(http.port, '127.0.0.1');
      closers.push(() => void socket.destroy());
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk)));
      const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
      for (const times of [1, 2]) {
        socket.write(`${line} HTTP/1.1\r\nHost: x\r\n${offer}${fields}\r\n${body}`);
        await until(() => text.split(told).length === times + 1);
      }
      expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    },
  );

  it('asked for without an upgrade is no route', async () => {
    const gateway = await open();
    expect((await gateway.nobody.ask('GET', '/ws')).status).toBe(404);
  });
});

describe('/', () => {
  it('tells a person where he is, and a program the same in its own form', async () => {
    const auth = await neighbour((_request, response) => response.end('{}'));
    const away = `http://127.0.0.1:${await freePort()}`;
    const { nobody } = await open({ env: { AUTH_URL: auth.url, SYNC_GATEWAY_URLS: away } });
    const page = await nobody.ask('GET', '/', { headers: { accept: 'text/html,application/xhtml+xml' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.body).toContain('href="/docs"');
    expect(page.body).toContain('href="/health/ready"');
    expect(page.body).toMatch(/sync-gateway 1<\/td>\s*<td class="bad">unavailable/);
    const program = await nobody.ask('GET', '/', { as: 'cbor' });
    expect(program.body).toMatchObject({
      name: 'state-server',
      services: [
        { name: 'api-gateway', status: 'ok' },
        { name: 'auth', status: 'ok' },
        { name: 'sync-gateway 1', status: 'unavailable' },
      ],
      links: { docs: '/docs' },
    });
  });
});

describe('/docs', () => {
  it('has pages to read and to try, and both documents, with nothing from elsewhere', async () => {
    const { nobody } = await open();
    const get = (path: string): ReturnType<typeof nobody.ask> =>
      nobody.ask('GET', path, { headers: { accept: '*/*' } });
    const page = await get('/docs');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const linked = [...String(page.body).matchAll(/(?:src|href)="(\/docs[^"]*)"/g)].map(
      ([, path]) => path ?? '',
    );
    expect(linked).toContain('/docs/ui/swagger-ui-bundle.js');
    for (const path of new Set(linked)) expect([path, (await get(path)).status]).toEqual([path, 200]);
    expect((await get('/docs/openapi.json')).body).toMatchObject({ openapi: '3.1.0' });
    expect((await get('/docs/asyncapi.json')).body).toMatchObject({ asyncapi: '3.0.0' });
    expect((await get('/docs/websocket')).body).toContain('brane.edit');
    for (const path of ['/docs/ui/package.json', '/docs/ui/../package.json', '/docs/ui/']) {
      expect((await get(path)).status).toBe(404);
    }
  });
});

describe('pages of other origins', () => {
  it('may call when they are allowed, and are told nothing otherwise', async () => {
    const origin = 'http://page.example';
    const { nobody } = await open({ env: { ALLOWED_ORIGINS: origin } });
    const preflight = (from: string): ReturnType<typeof nobody.ask> =>
      nobody.ask('OPTIONS', '/object', {
        headers: {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'idempotency-key',
        },
      });
    const allowed = await preflight(origin);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    const refused = await preflight('http://evil.example');
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    const get = await nobody.ask('GET', '/users/me', { headers: { origin } });
    expect(get.status).toBe(401);
    expect(get.headers.get('access-control-allow-origin')).toBe(origin);
    expect(get.headers.get('access-control-expose-headers')).toContain('etag');
    expect(get.headers.get('vary')).toContain('origin');
  });
});

describe('limits (REST-LIMIT-1)', () => {
  const few = { points: 2, seconds: 60 };

  it('tell what is left, end with 429, and are kept apart by user and by class', async () => {
    const gateway = await open({ quotas: { read: few } });
    const [ada, bob] = [await gateway.user('Ada'), await gateway.user('Bob')];
    const first = await ada.ask('GET', '/users/me');
    expect(first.headers.get('ratelimit-policy')).toBe('"read";q=2;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"read";r=1;t=\d+$/);
    await ada.ask('GET', '/users/me');
    const refused = await ada.ask('GET', '/users/me');
    expect([refused.status, codeOf(refused)]).toEqual([429, 'rate.limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit')).toMatch(/^"read";r=0;t=\d+$/);
    expect((await bob.ask('GET', '/users/me')).status).toBe(200);
    expect((await ada.ask('POST', '/brane', { body: { name: 'b' } })).status).toBe(201);
  });

  it('hold for an address before anybody is known, health excepted', async () => {
    const auth = await neighbour((_request, response) => response.end('{}'));
    const { nobody } = await open({
      env: { AUTH_URL: auth.url },
      quotas: { auth: few, address: { points: 4, seconds: 60 } },
    });
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await nobody.ask('POST', '/auth/dev')).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await nobody.ask('GET', '/users/me')).status).toBe(401);
    expect((await nobody.ask('GET', '/users/me')).status).toBe(429);
    expect((await nobody.ask('GET', '/health/live')).status).toBe(200);
  });
});
