import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { selfSigned, until } from '@state-server/testing';
import { closeDoors, startDoors, type TestHttp } from './http.spec-support';

const opened: Socket[] = [];
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await closeDoors();
});

interface Raw {
  readonly socket: Socket;
  readonly text: () => string;
  readonly isClosed: () => boolean;
}

function watch(socket: Socket): Raw {
  opened.push(socket);
  let text = '';
  let isClosed = false;
  socket.on('data', (data: Buffer) => (text += data.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  return { socket, text: () => text, isClosed: () => isClosed };
}

const open = async ({ http }: TestHttp): Promise<Raw> => {
  const raw = watch(connect(http.port, '127.0.0.1'));
  await once(raw.socket, 'connect');
  return raw;
};

/** Writes one character after the other for as long as the server takes it. */
function trickle({ socket, isClosed }: Raw, endless: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (isClosed()) return clearInterval(timer);
    socket.write(endless[at % endless.length] ?? 'x');
    at += 1;
  }, 10);
  socket.once('close', () => clearInterval(timer));
}

const QUICK = {
  HEADERS_TIMEOUT_MS: '200',
  RECEIVE_TIMEOUT_MS: '400',
  KEEP_ALIVE_MS: '300',
  REQUEST_TIMEOUT_MS: '5000',
};

describe('a slow client (EDGE-6)', () => {
  it('whose head does not come to its end is cut off', async () => {
    const raw = await open(await startDoors({ env: QUICK }));
    raw.socket.write('GET /page HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    trickle(raw, 'slow');
    await until(raw.isClosed);
    expect(raw.text()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that connects and says nothing is cut off', async () => {
    const raw = await open(await startDoors({ env: QUICK }));
    await until(raw.isClosed);
  });

  it('whose body does not come to its end is cut off, however it is framed', async () => {
    const doors = await startDoors({ env: QUICK });
    const head = 'POST /auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    for (const framing of ['Content-Length: 60000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\nffff\r\n']) {
      const raw = await open(doors);
      raw.socket.write(head + framing);
      trickle(raw, ' ');
      await until(raw.isClosed);
      expect(raw.text()).toMatch(/^HTTP\/1\.1 408 /);
    }
  });

  it('that asks for nothing more is cut off after its pause, and not while it waits for an answer', async () => {
    const doors = await startDoors({ env: { ...QUICK, REQUEST_TIMEOUT_MS: '900' } });
    const raw = await open(doors);
    raw.socket.write('GET /entity/slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => raw.text().includes('request.deadline'));
    await until(raw.isClosed);
    expect(raw.text()).toMatch(/^HTTP\/1\.1 504 /);
  });

  it('that sends more head than anybody needs is refused', async () => {
    const raw = await open(await startDoors());
    raw.socket.write(`GET /page HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(17 * 1_024)}\r\n\r\n`);
    await until(raw.isClosed);
    expect(raw.text()).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('that sends no Host is refused', async () => {
    const raw = await open(await startDoors());
    raw.socket.write('GET /page HTTP/1.1\r\n\r\n');
    await until(() => raw.text().startsWith('HTTP/1.1 400 '));
  });
});

describe('a request whose end can be read in two ways (EDGE-12)', () => {
  it.each([
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n'],
    ['a length beside chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'],
    ['chunks that are not the last coding', 'Transfer-Encoding: chunked, gzip\r\n'],
    ['a length that is no number', 'Content-Length: 2x\r\n'],
    ['a field of two lines', 'X-Folded: a\r\n b\r\nContent-Length : 2\r\n'],
  ])('is refused, and its connection closed: %s', async (_what, fields) => {
    const raw = await open(await startDoors());
    raw.socket.write(
      `POST /auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${fields}\r\n{}`,
    );
    await until(raw.isClosed);
    expect(raw.text()).toMatch(/^HTTP\/1\.1 400 /);
    expect(raw.text().match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe('a slow client over TLS (EDGE-6)', () => {
  const { cert, key } = selfSigned();
  const tls = { ...QUICK, TLS_CERT: cert, TLS_KEY: key };

  it('that does not come to the end of the handshake is cut off', async () => {
    const raw = await open(await startDoors({ env: tls }));
    raw.socket.write(Buffer.from([0x16, 0x03, 0x01]));
    await until(raw.isClosed);
  });

  it('whose head does not come to its end is cut off', async () => {
    const { http } = await startDoors({ env: tls });
    const raw = watch(
      connectTls({ port: http.port, host: '127.0.0.1', ca: cert, ALPNProtocols: ['http/1.1'] }),
    );
    await once(raw.socket, 'secureConnect');
    raw.socket.write('GET /page HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    trickle(raw, 'slow');
    await until(raw.isClosed);
    expect(raw.text()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that opens HTTP/2 and asks for nothing is cut off', async () => {
    const { http } = await startDoors({ env: tls });
    const session = connectHttp2(http.url, { ca: cert });
    session.on('error', () => undefined);
    await once(session, 'connect');
    await once(session, 'close');
  });

  it('whose body does not come to its end over HTTP/2 loses its stream', async () => {
    const { http } = await startDoors({ env: { ...tls, KEEP_ALIVE_MS: '60000' } });
    const session = connectHttp2(http.url, { ca: cert });
    session.on('error', () => undefined);
    const head = { ':method': 'POST', ':path': '/auth/refresh', 'content-type': 'application/json' };
    const stream = session.request(head, { endStream: false });
    stream.on('error', () => undefined);
    const timer = setInterval(() => stream.write(' '), 10);
    await once(stream, 'close');
    clearInterval(timer);
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    const page = session.request({ ':path': '/page' });
    const [answer] = (await once(page, 'response')) as [Record<string, unknown>];
    expect(answer[':status']).toBe(200);
    session.destroy();
  });
});

describe('connections of one address (EDGE-7)', () => {
  it.each([
    ['plain', {}],
    ['with TLS', selfSigned()],
  ])('are so many at a time, %s; one that goes makes place for another', async (_what, pair) => {
    const tls = 'cert' in pair ? { TLS_CERT: pair.cert, TLS_KEY: pair.key } : {};
    const doors = await startDoors({
      env: { CONNECTIONS_PER_ADDRESS: '3', TRUSTED_PROXIES: '192.0.2.1', ...tls },
    });
    const first = [await open(doors), await open(doors), await open(doors)];
    const fourth = await open(doors);
    await until(fourth.isClosed);
    expect(first.map((raw) => raw.isClosed())).toEqual([false, false, false]);
    expect((await doors.service.metrics.render()).text).toMatch(/http_connections_refused_total\{.*\} 1/);
    first[0]?.socket.destroy();
    if ('cert' in pair) return;
    await until(async () => {
      const next = await open(doors);
      next.socket.write('GET /page HTTP/1.1\r\nHost: x\r\n\r\n');
      await until(() => next.isClosed() || next.text() !== '');
      return next.text().startsWith('HTTP/1.1 200');
    });
  });

  it('that is a trusted proxy are not counted', async () => {
    const doors = await startDoors({ env: { CONNECTIONS_PER_ADDRESS: '1', TRUSTED_PROXIES: 'loopback' } });
    const all = await Promise.all(Array.from({ length: 5 }, () => open(doors)));
    for (const raw of all) raw.socket.write('GET /page HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => all.every((raw) => raw.text().startsWith('HTTP/1.1 200')));
  });
});
