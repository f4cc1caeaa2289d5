import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createInternalCheck, INTERNAL_HEADER, realEnvironment } from '@state-server/platform';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from './gateway.spec-support';

const SECRET = 'kV3x9sLq72pTzWm4Yh8RbN6cJd1GfE5a';
const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Stands for every service behind: answers whatever it is asked, and remembers. */
async function behind() {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.end('{"reached":true}');
  }).on('upgrade', (request, socket) => {
    requests.push(request);
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function world(env: Record<string, string> = {}) {
  const services = await behind();
  const gateway = await startTestGateway({
    env: { AUTH_URL: services.url, SYNC_GATEWAY_URLS: services.url, ...env },
  });
  closers.push(() => gateway.close());
  return { gateway, ...services };
}

/** The first line of the answer to a request that is sent as it stands. */
async function raw({ http }: TestGateway, target: string, more = ''): Promise<string> {
  const socket = connect(http.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => (answer += data.toString('latin1'))).on('error', () => undefined);
  let closed = false;
  socket.on('close', () => (closed = true));
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n${more === '' ? 'Connection: close\r\n' : more}\r\n`);
  await until(() => closed || answer.includes('\r\n'));
  socket.destroy();
  return answer.split('\r\n', 1)[0] ?? '';
}

describe('calls of the gateway to the services behind (INT-1)', () => {
  it('carry its token for each of them, and never the one that a client sends', async () => {
    const { gateway, requests } = await world({ INTERNAL_SECRETS: SECRET });
    const headers = { [INTERNAL_HEADER]: 'of a client', forwarded: 'for=1.2.3.4', 'x-real-ip': '1.2.3.4' };
    await gateway.nobody.ask('GET', '/auth/session', { headers });
    const socket = new WebSocket(`${gateway.http.url.replace('http', 'ws')}/ws`, ['state.v1.json'], {
      headers,
    });
    socket.on('error', () => undefined);
    await until(() => requests.length === 2);
    for (const [index, audience] of ['auth', 'sync-gateway'].entries()) {
      const given = requests[index]?.headers ?? {};
      const check = createInternalCheck({ secrets: () => [SECRET], audience, clock: realEnvironment.clock });
      expect([audience, check(String(given[INTERNAL_HEADER]))]).toEqual([audience, true]);
      expect([given['forwarded'], given['x-real-ip']]).toEqual([undefined, undefined]);
    }
  });

  it('carry none where there is no secret, least of all that of a client', async () => {
    const { gateway, requests } = await world();
    await gateway.nobody.ask('GET', '/auth/session', { headers: { [INTERNAL_HEADER]: 'of a client' } });
    expect(requests[0]?.headers).not.toHaveProperty(INTERNAL_HEADER);
  });
});

describe('/internal behind the gateway (INT-4)', () => {
  const TARGETS = [
    ...['/internal/callbacks/render', '/internal', '/internal/', '//internal/callbacks/render'],
    ...['/INTERNAL/callbacks/render', '/Internal/callbacks/render', '/internal;/callbacks/render'],
    ...['/./internal/callbacks/render', '/x/../internal/callbacks/render', '/%69nternal/callbacks/render'],
    ...['/%2Finternal/callbacks/render', '/internal%2Fcallbacks%2Frender', '/%2e/internal/callbacks/render'],
    ...[
      '/auth/../internal/callbacks/render',
      '/auth/..%2Finternal/callbacks/render',
      '/auth/%2e%2e/internal/x',
    ],
    ...['/auth//../internal/x', '/auth/..\\internal\\x', '/auth/..;/internal/x', '/auth/.%2e/internal/x'],
    ...[
      '/auth/%252e%252e/internal/x',
      '/auth/../../internal/x',
      '/ws/../internal/x',
      '/ws%2f..%2finternal/x',
    ],
    ...[
      'http://auth:4001/internal/x',
      'http://127.0.0.1/internal/x',
      '/internal/x?/auth',
      '/internal/x#/auth',
    ],
    ...['/auth/x/../../internal/x', '\\internal\\x', '/\tinternal/x'],
  ];

  it('is not there, however it is written', async () => {
    const { gateway, requests } = await world();
    for (const target of TARGETS) {
      const status = await raw(gateway, target);
      expect([target, status]).toEqual([target, expect.stringMatching(/^HTTP\/1\.1 40[04] /)]);
    }
    expect(requests.map(({ url }) => url)).toEqual([]);
  });

  it('is not there for an upgrade either', async () => {
    const { gateway, requests } = await world();
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    for (const target of TARGETS) {
      const status = await raw(gateway, target, upgrade);
      expect([target, status]).toEqual([target, expect.stringMatching(/^HTTP\/1\.1 40[04] /)]);
    }
    expect(requests).toEqual([]);
  });

  it('would be seen here: what is forwarded does reach the service behind', async () => {
    const { gateway, requests } = await world();
    expect(await raw(gateway, '/auth/session')).toMatch(/ 200 /);
    expect(requests.map(({ url }) => url)).toEqual(['/auth/session']);
  });
});
