import { once } from 'node:events';
import { createServer } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { selfSigned, until } from '@state-server/testing';
import { type Caller, fieldOf, startTestGateway, type TestGateway } from './gateway.spec-support';

const { cert, key } = selfSigned();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(env: Record<string, string> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ env: { TLS_CERT: cert, TLS_KEY: key, ...env } });
  closers.push(() => gateway.close());
  return gateway;
}

function session({ http }: TestGateway): ClientHttp2Session {
  const opened = connectHttp2(http.url, { ca: cert });
  opened.on('error', () => undefined);
  closers.push(() => opened.destroy());
  return opened;
}

async function ask(client: ClientHttp2Session, headers: Record<string, string>, body?: unknown) {
  const stream = client.request(
    {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(JSON.stringify(body));
  stream.setEncoding('utf8');
  const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return {
    status: Number(answer[':status']),
    headers: answer,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}

/** The authorization of a caller whose requests `fetch` could not send: it trusts no such certificate. */
async function bearerOf({ tokens }: TestGateway, { id, session: session_id, name }: Caller): Promise<string> {
  return `Bearer ${await tokens.issue({ user_id: id, session_id, name })}`;
}

describe('the origin with a certificate of its own (EDGE-1)', () => {
  it('answers signed-in requests over HTTP/2: doors, plain reads, snapshots, limits', async () => {
    const gateway = await open();
    const ada = await gateway.user('Ada');
    const authorization = await bearerOf(gateway, ada);
    const client = session(gateway);
    const made = await ask(client, { ':method': 'POST', ':path': '/brane', authorization }, { name: 'town' });
    expect(made.status).toBe(201);
    const braneId = String(fieldOf(made.body, 'id'));
    for (let times = 0; times < 3; times += 1) {
      const read = await ask(client, { ':path': `/object/${braneId}`, authorization });
      expect([read.status, fieldOf(read.body, 'name')]).toEqual([200, 'town']);
      expect(read.headers['ratelimit']).toMatch(/^"read";r=/);
    }
    const snapshot = await ask(client, { ':path': `/brane/${braneId}/snapshot`, authorization });
    expect([snapshot.status, fieldOf(snapshot.body, 'brane_id')]).toEqual([200, braneId]);
    expect((await ask(client, { ':path': `/object/${braneId}` })).status).toBe(401);
  });

  it('forwards /auth from HTTP/2, with what this hop knows', async () => {
    const auth = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        response.writeHead(201, { 'content-type': 'application/json', connection: 'keep-alive' });
        response.end(JSON.stringify({ headers: request.headers, body }));
      });
    }).listen(0, '127.0.0.1');
    await once(auth, 'listening');
    closers.push(() => auth.close());
    const gateway = await open({ AUTH_URL: `http://127.0.0.1:${(auth.address() as AddressInfo).port}` });
    const client = session(gateway);
    const answer = await ask(
      client,
      { ':method': 'POST', ':path': '/auth/dev', 'x-forwarded-for': '8.8.8.8' },
      { name: 'Ada' },
    );
    expect(answer.status).toBe(201);
    expect(fieldOf(answer.body, 'body')).toBe('{"name":"Ada"}');
    const headers = fieldOf(answer.body, 'headers') as Record<string, string>;
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': new URL(gateway.http.url).host,
    });
    expect(Object.keys(headers).filter((name) => name.startsWith(':'))).toEqual([]);
  });

  it('joins WebSockets to a sync-gateway over TLS, and tells it so', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    closers.push(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    let proto: unknown;
    server.on('connection', (socket, request) => {
      proto = request.headers['x-forwarded-proto'];
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const gateway = await open({ SYNC_GATEWAY_URLS: url, KEEP_ALIVE_MS: '100', REQUEST_TIMEOUT_MS: '50' });
    const socket = new WebSocket(`${gateway.http.url.replace('https', 'wss')}/ws`, { ca: cert });
    closers.push(() => socket.terminate());
    await once(socket, 'open');
    const large = 'x'.repeat(300_000);
    for (const said of ['hello', large]) {
      socket.send(said);
      const [data] = (await once(socket, 'message')) as [Buffer];
      expect(data.toString()).toBe(said);
    }
    expect(proto).toBe('https');
    const other = new WebSocket(`${gateway.http.url.replace('https', 'wss')}/other`, { ca: cert });
    const [, refused] = (await once(other, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(refused.statusCode).toBe(404);
    other.on('error', () => undefined).terminate();
  });

  it('ignores an offer of another protocol over TLS, too (REST-SPLICE-7)', async () => {
    const gateway = await open();
    const socket = connect({ port: Number(new URL(gateway.http.url).port), host: '127.0.0.1', ca: cert });
    closers.push(() => socket.destroy());
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    for (const times of [1, 2]) {
      socket.write(`GET /health/live HTTP/1.1\r\nHost: x\r\n${offer}\r\n`);
      await until(() => text.split('HTTP/1.1 200').length === times + 1);
    }
  });

  it('ends with HTTP/2 sessions and WebSockets open', async () => {
    const gateway = await startTestGateway({ env: { TLS_CERT: cert, TLS_KEY: key } });
    const client = session(gateway);
    expect((await ask(client, { ':path': '/health/live' })).status).toBe(200);
    const closed = once(client, 'close');
    await gateway.close();
    await closed;
  });
});
