import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { get, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { fixedSecrets } from '@state-server/secrets';
import { type SelfSigned, selfSigned, until } from '@state-server/testing';
import { closeDoors, startDoors, type TestHttp } from '../http.spec-support';

const folder = mkdtempSync(join(tmpdir(), 'tls-'));
const files = { TLS_CERT_FILE: join(folder, 'cert.pem'), TLS_KEY_FILE: join(folder, 'key.pem') };
const sockets: TLSSocket[] = [];
const sessions: ClientHttp2Session[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const session of sessions.splice(0)) session.destroy();
  await closeDoors();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write({ cert, key }: SelfSigned): void {
  writeFileSync(files.TLS_CERT_FILE, cert);
  writeFileSync(files.TLS_KEY_FILE, key);
}

async function startTls(
  pair = selfSigned(),
  env: Record<string, string> = {},
): Promise<TestHttp & { readonly ca: string }> {
  write(pair);
  return { ...(await startDoors({ env: { ...files, TLS_RELOAD_MS: '20', ...env } })), ca: pair.cert };
}

async function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...options });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

async function overHttp1(
  url: string,
  options: RequestOptions,
): Promise<{ status: number; version: string; headers: object }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, ...options }, (response) => {
      response.resume();
      const { statusCode = 0, httpVersion, headers } = response;
      response.on('end', () => resolve({ status: statusCode, version: httpVersion, headers }));
    }).on('error', reject);
  });
}

function session(url: string, ca: string): ClientHttp2Session {
  const opened = connectHttp2(url, { ca });
  opened.on('error', () => undefined);
  sessions.push(opened);
  return opened;
}

async function overHttp2(
  client: ClientHttp2Session,
  headers: Record<string, string>,
  body?: string,
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  const stream = client.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  stream.setEncoding('utf8');
  const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return { status: Number(answer[':status']), headers: answer, body: text };
}

describe('TLS of a service’s own', () => {
  it('speaks HTTP/2 and HTTP/1.1 on one port, as the client wants it (EDGE-1)', async () => {
    const { http, ca } = await startTls();
    expect(http.url).toMatch(/^https:/);
    const settled = async (protocols: string[]): Promise<unknown> =>
      (await handshake(http.port, { ca, ALPNProtocols: protocols })).alpnProtocol;
    expect(await settled(['h2', 'http/1.1'])).toBe('h2');
    expect(await settled(['http/1.1'])).toBe('http/1.1');
    expect(await overHttp1(`${http.url}/page`, { ca })).toMatchObject({ status: 200, version: '1.1' });
    const client = session(http.url, ca);
    const answers = await Promise.all(
      ['/page', '/health/ready', '/nowhere'].map((path) => overHttp2(client, { ':path': path })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404]);
    expect(answers[0]?.body).toBe('<p>hello</p>');
    expect(answers[0]?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('takes bodies over HTTP/2 under the same caps (EDGE-1, EDGE-4)', async () => {
    const { http, ca } = await startTls();
    const client = session(http.url, ca);
    const post = (body: string) =>
      overHttp2(
        client,
        { ':method': 'POST', ':path': '/auth/refresh', 'content-type': 'application/json' },
        body,
      );
    expect(JSON.parse((await post('{"refresh_token":"t"}')).body)).toEqual({ echo: { refresh_token: 't' } });
    expect((await post(`{"refresh_token":"${'t'.repeat(64 * 1024)}"}`)).status).toBe(413);
  });

  it('is TLS 1.2 or later, with suites that keep what was said secret for ever (EDGE-2)', async () => {
    const { http, ca } = await startTls();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake(http.port, { ca, minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
      expect(socket.getCipher().name).toMatch(/^(TLS_|ECDHE-)/);
    }
    // At security level 0 the client itself would do it.
    const old = { ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    await expect(handshake(http.port, old)).rejects.toThrow(
      /protocol version|EPROTO|disconnected|ECONNRESET/,
    );
    const weak = { ca, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:AES128-GCM-SHA256' } as const;
    await expect(handshake(http.port, weak)).rejects.toThrow(/handshake failure|ECONNRESET/);
  });

  it('tells browsers to stay with it, and does not over plain HTTP (EDGE-5)', async () => {
    const { http, ca } = await startTls();
    const secure = await overHttp1(`${http.url}/page`, { ca });
    expect(secure.headers).toMatchObject({
      'strict-transport-security': expect.stringContaining('max-age=3') as string,
    });
    const plain = await startDoors();
    expect((await plain.send('GET', '/page')).headers.get('strict-transport-security')).toBeNull();
    const behind = await startDoors({ env: { TLS_AT_EDGE: 'true' } });
    expect((await behind.send('GET', '/page')).headers.get('strict-transport-security')).not.toBeNull();
  });
});

describe('a certificate', () => {
  it('that is renewed is taken for new handshakes; connections that stand go on (EDGE-3)', async () => {
    const [before, after] = [selfSigned({ name: 'before' }), selfSigned({ name: 'after', days: 90 })];
    const { http, ca, service } = await startTls(before);
    const client = session(http.url, ca);
    expect((await overHttp2(client, { ':path': '/page' })).status).toBe(200);
    const kept = await handshake(http.port, { ca, ALPNProtocols: ['http/1.1'] });
    write(after);
    const shown = async (): Promise<unknown> => {
      const socket = await handshake(http.port, { rejectUnauthorized: false });
      return socket.getPeerCertificate().subject.CN;
    };
    await until(async () => (await shown()) === 'after');
    expect((await overHttp1(`${http.url}/page`, { ca: after.cert })).status).toBe(200);
    expect((await overHttp2(client, { ':path': '/page' })).status).toBe(200);
    kept.write('GET /page HTTP/1.1\r\nHost: x\r\n\r\n');
    const [data] = (await once(kept, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1\.1 200/);
    const { text } = await service.metrics.render();
    expect(text).toMatch(/tls_reloads_total\{.*outcome="taken".*\} 1/);
    const expires = Number(/tls_certificate_expires_at_seconds\{[^}]*\} (\S+)/.exec(text)?.[1]);
    expect(expires * 1_000 - Date.now()).toBeGreaterThan(80 * 86_400_000);
  });

  it('that is not right is refused and said once; the one before serves on (EDGE-3)', async () => {
    const first = selfSigned({ name: 'first' });
    const { http, lines, service } = await startTls(first);
    const refusals = (): unknown[] => lines.filter(({ msg }) => msg === 'tls.reload_refused');
    write({ cert: selfSigned().cert, key: first.key });
    await until(() => refusals().length === 1);
    expect(refusals()[0]).toMatchObject({ problem: 'TLS_KEY is not the key of the certificate in TLS_CERT' });
    write({ cert: 'nothing', key: first.key });
    await until(() => refusals().length === 2);
    expect((await overHttp1(`${http.url}/page`, { ca: first.cert })).status).toBe(200);
    const second = selfSigned({ name: 'second' });
    write(second);
    await until(async () =>
      overHttp1(`${http.url}/page`, { ca: second.cert }).then(
        () => true,
        () => false,
      ),
    );
    expect((await service.metrics.render()).text).toMatch(/tls_reloads_total\{.*outcome="refused".*\} 2/);
    expect(JSON.stringify(lines)).not.toContain('PRIVATE KEY');
  });

  it.each([
    ['of another key', () => ({ cert: selfSigned().cert, key: selfSigned().key }), 'is not the key of'],
    ['that is none', () => ({ cert: 'x', key: selfSigned().key }), 'TLS_CERT is no certificate'],
    ['without a key', () => ({ cert: selfSigned().cert, key: 'x' }), 'TLS_KEY is no private key'],
  ])('%s ends the start with one line (EDGE-3)', async (_what, pair, problem) => {
    const given = pair();
    const start = startTls(given).then(() => undefined);
    await expect(start).rejects.toMatchObject({ problems: [expect.stringContaining(problem)] });
  });

  it('may be given as text, with \\n for a line break; a file that is not there is named (EDGE-3)', async () => {
    const { cert, key } = selfSigned();
    const flat = (text: string): string => text.replaceAll('\n', '\\n');
    const { http } = await startDoors({ env: { TLS_CERT: flat(cert), TLS_KEY: key } });
    expect((await overHttp1(`${http.url}/page`, { ca: cert })).status).toBe(200);
    const lost = startDoors({ env: { TLS_CERT: cert, TLS_KEY_FILE: join(folder, 'none') } });
    await expect(lost).rejects.toThrow('TLS_KEY_FILE names a file that cannot be read');
  });

  it('may come from wherever secrets come from, and follows it (EDGE-3)', async () => {
    const [before, after] = [selfSigned(), selfSigned({ name: 'after' })];
    const held = new Map([
      ['TLS_CERT', before.cert],
      ['TLS_KEY', before.key],
    ]);
    const listeners: (() => void)[] = [];
    const secrets = {
      ...fixedSecrets(),
      get: (name: string) => held.get(name),
      onChange: (_name: string, listener: () => void) => {
        listeners.push(listener);
        return () => undefined;
      },
    };
    const env = { TLS_CERT: before.cert, TLS_KEY: before.key, TLS_RELOAD_MS: '20' };
    const { http } = await startDoors({ env, secrets });
    expect((await overHttp1(`${http.url}/page`, { ca: before.cert })).status).toBe(200);
    held.set('TLS_CERT', after.cert).set('TLS_KEY', after.key);
    for (const listener of listeners) listener();
    const isTaken = async (): Promise<boolean> =>
      overHttp1(`${http.url}/page`, { ca: after.cert }).then(
        () => true,
        () => false,
      );
    await until(isTaken);
  });

  it('that ends soon, or has ended, is told of in the log (EDGE-3)', async () => {
    const soon = await startTls(selfSigned({ days: 3 }));
    expect(soon.lines.map(({ msg }) => msg)).toContain('tls.certificate_expires_soon');
    const over = await startTls(selfSigned({ days: -0.5 }));
    expect(over.lines.map(({ msg }) => msg)).toContain('tls.certificate_not_valid');
  });
});

describe('the end of a service with TLS (PLAT-11)', () => {
  it('waits for what is under way over HTTP/2, and for nobody who is idle', async () => {
    const { http, ca, service } = await startTls();
    const idle = session(http.url, ca);
    await overHttp2(idle, { ':path': '/page' });
    const unused = await handshake(http.port, { ca });
    const closed = Promise.all([once(idle, 'close'), once(unused, 'close')]);
    const began = performance.now();
    await service.close();
    await closed;
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
