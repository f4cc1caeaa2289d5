import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect, createServer as createTcpServer } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { freePort, until } from '@state-server/testing';
import { clientAddress } from '@state-server/platform';
import { SocketsPerAddress } from '../limits/sockets-per-address';
import { GatewayPool } from './gateway-pool';
import { WebSocketSplice } from './websocket-splice';

interface Gateway {
  readonly url: string;
  readonly server: WebSocketServer;
  readonly requests: IncomingMessage[];
}

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const portOf = (server: { address(): AddressInfo | string | null }): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

async function echoGateway(): Promise<Gateway> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'state.v1.cbor' });
  await once(server, 'listening');
  const requests: IncomingMessage[] = [];
  server.on('connection', (socket, request) => {
    requests.push(request);
    socket.on('message', (data: RawData, isBinary) => socket.send(data, { binary: isBinary }));
  });
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { url: `http://127.0.0.1:${portOf(server)}`, server, requests };
}

/** Accepts TCP and, when told so, answers with these bytes. */
async function tcpGateway(answer?: string): Promise<{ url: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (answer !== undefined) socket.end(answer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${portOf(server)}`, sockets };
}

async function door(
  urls: readonly string[],
  trustProxy = false,
  sockets = new SocketsPerAddress(100),
): Promise<{ url: string; port: number; splice: WebSocketSplice; pool: GatewayPool; server: Server }> {
  const pool = new GatewayPool(urls, clock);
  const splice = new WebSocketSplice({
    pool,
    path: '/ws',
    deadlines: { connectMs: 500, answerMs: 150 },
    client: clientAddress(trustProxy ? ['loopback'] : []),
    requestId: () => 'request-1',
    admit: (address) => Promise.resolve(sockets.enter(address)),
    refuse: (why) => ({
      status: why === 'no_gateway' ? 503 : why === 'too_many' ? 429 : 404,
      body: `{"why":"${why}"}`,
    }),
  });
  const server = createServer().on('upgrade', (request, socket, rest: Buffer) =>
    splice.handle(request, socket, rest),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    splice.close();
    server.closeAllConnections();
    server.close();
  });
  const port = portOf(server);
  return { url: `ws://127.0.0.1:${port}/ws`, port, splice, pool, server };
}

async function open(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, ['state.v1.cbor'], { headers });
  socket.on('error', () => undefined);
  closers.push(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function refusal(url: string): Promise<{ status: number | undefined; body: string }> {
  const socket = new WebSocket(url);
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, body };
}

describe('the WebSocket splice', () => {
  it('carries text and binary messages both ways, unchanged, and the chosen subprotocol (REST-SPLICE-1)', async () => {
    const gateway = await echoGateway();
    const { url, splice } = await door([gateway.url]);
    const client = await open(url);
    expect(client.protocol).toBe('state.v1.cbor');
    const big = Buffer.alloc(900_000, 7);
    const seen: [Buffer, boolean][] = [];
    client.on('message', (data: Buffer, isBinary) => seen.push([data, isBinary]));
    client.send('hello');
    client.send(big);
    await until(() => seen.length === 2);
    expect(seen[0]).toEqual([Buffer.from('hello'), false]);
    expect(seen[1]?.[0].equals(big)).toBe(true);
    expect(splice.live).toBe(1);
  });

  it('takes so many connections of one address, and one more when one has gone (REST-LIMIT-1)', async () => {
    const gateway = await echoGateway();
    const sockets = new SocketsPerAddress(2);
    const { url } = await door([gateway.url], false, sockets);
    const [first] = [await open(url), await open(url)];
    expect(await refusal(url)).toEqual({ status: 429, body: '{"why":"too_many"}' });
    first.close();
    await until(async () => {
      const socket = new WebSocket(url, ['state.v1.cbor']);
      socket.on('error', () => undefined);
      closers.push(() => socket.terminate());
      return new Promise<boolean>((resolve) => {
        socket.once('open', () => resolve(true));
        socket.once('unexpected-response', () => resolve(false));
      });
    });
    for (const client of gateway.server.clients) client.terminate();
    await until(() => sockets.size === 0);
  });

  it('tells the gateway the client address, and does not believe one that the client claims (REST-SPLICE-2)', async () => {
    const gateway = await echoGateway();
    const { url, port } = await door([gateway.url]);
    await open(url, {
      'X-Forwarded-For': '8.8.8.8',
      Origin: 'http://here',
      Te: 'trailers',
    });
    const headers = gateway.requests[0]?.headers;
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': `127.0.0.1:${port}`,
      'x-forwarded-proto': 'http',
      'x-request-id': 'request-1',
      origin: 'http://here',
    });
    expect(headers).not.toHaveProperty('te');
  });

  it('passes on the client address that a trusted hop before tells (REST-SPLICE-2)', async () => {
    const gateway = await echoGateway();
    const { url } = await door([gateway.url], true);
    await open(url, { 'X-Forwarded-For': '8.8.8.8' });
    expect(gateway.requests[0]?.headers['x-forwarded-for']).toBe('8.8.8.8');
  });

  it('spreads connections evenly, a simultaneous burst too (REST-SPLICE-3)', async () => {
    const gateways = [await echoGateway(), await echoGateway()];
    const { url } = await door(gateways.map((gateway) => gateway.url));
    await Promise.all(Array.from({ length: 10 }, () => open(url)));
    expect(gateways.map((gateway) => gateway.requests.length)).toEqual([5, 5]);
  });

  it('goes to another gateway when one refuses, is frozen, drops the line or says 503 (REST-SPLICE-3)', async () => {
    const refusing = `http://127.0.0.1:${await freePort()}`;
    const frozen = await tcpGateway();
    const dropping = await tcpGateway('');
    const draining = await tcpGateway('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
    const good = await echoGateway();
    const { url, pool } = await door([refusing, frozen.url, dropping.url, draining.url, good.url]);
    await open(url);
    expect(good.requests).toHaveLength(1);
    expect(pool.state().map(({ resting, connections }) => [resting, connections])).toEqual([
      [true, 0],
      [true, 0],
      [true, 0],
      [true, 0],
      [false, 1],
    ]);
  });

  it('asks a gateway that failed a moment ago last', async () => {
    const frozen = await tcpGateway();
    const good = await echoGateway();
    const { url } = await door([frozen.url, good.url]);
    await open(url);
    await open(url);
    await open(url);
    expect(frozen.sockets).toHaveLength(1);
    expect(good.requests).toHaveLength(3);
  });

  it('answers 503 with a body when no gateway takes it, and 404 on another path (REST-SPLICE-4)', async () => {
    const { url, port } = await door([`http://127.0.0.1:${await freePort()}`]);
    expect(await refusal(url)).toEqual({ status: 503, body: '{"why":"no_gateway"}' });
    expect(await refusal(`ws://127.0.0.1:${port}/internal`)).toEqual({
      status: 404,
      body: '{"why":"not_found"}',
    });
  });

  it("passes a gateway's own refusal of the handshake on", async () => {
    const refusing = await tcpGateway('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    const { url } = await door([refusing.url]);
    expect(await refusal(url)).toEqual({ status: 403, body: 'no' });
  });

  it('refuses an upgrade with a body: what follows the head is the WebSocket (request smuggling)', async () => {
    const gateway = await echoGateway();
    const { port } = await door([gateway.url]);
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n\r\nabcd',
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('bad_request');
    await once(socket, 'close');
    expect(gateway.requests).toHaveLength(0);
  });

  it('closes the other end when either end goes, and counts it out (REST-SPLICE-5)', async () => {
    const gateway = await echoGateway();
    const { url, splice, pool } = await door([gateway.url]);
    const first = await open(url);
    first.terminate();
    await until(() => gateway.server.clients.size === 0);
    const second = await open(url);
    for (const peer of gateway.server.clients) peer.close(3_001, 'draining');
    const [code, reason] = (await once(second, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([3_001, 'draining']);
    const third = await open(url);
    for (const peer of gateway.server.clients) peer.terminate();
    expect(await once(third, 'close')).toContain(1006);
    await until(() => splice.live === 0);
    expect(pool.state()[0]?.connections).toBe(0);
  });

  it('lets a slow reader slow its writer down instead of buffering (REST-SPLICE-6)', async () => {
    const gateway = await echoGateway();
    const { url } = await door([gateway.url]);
    const client = await open(url);
    await until(() => gateway.server.clients.size === 1);
    client.pause();
    const [peer] = gateway.server.clients;
    const chunk = Buffer.alloc(1_000_000);
    for (let count = 0; count < 60; count += 1) peer?.send(chunk);
    let last = -1;
    let same = 0;
    await until(
      () => {
        const waiting = peer?.bufferedAmount ?? 0;
        same = waiting === last ? same + 1 : 0;
        last = waiting;
        return same === 20;
      },
      { what: 'the writer to stand still' },
    );
    expect(last).toBeGreaterThan(30_000_000);
    let received = 0;
    client.on('message', () => (received += 1));
    client.resume();
    await until(() => received === 60);
  });

  it('refuses new connections and ends the open ones once it is closed', async () => {
    const gateway = await echoGateway();
    const { url, splice } = await door([gateway.url]);
    const client = await open(url);
    const closed = once(client, 'close');
    splice.close();
    await closed;
    expect((await refusal(url)).status).toBe(503);
    await until(() => splice.live === 0);
  });
});
