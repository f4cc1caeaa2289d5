import { connect } from 'node:net';
import { encodeCbor } from '@state-server/protocol';
import {
  type Body,
  closeDoors,
  codeOf,
  startDoors,
  type TestAnswer,
  type TestHttp,
} from './http.spec-support';

const JSON_TYPE = { 'content-type': 'application/json' };
const CBOR_TYPE = { 'content-type': 'application/cbor' };

let doors: TestHttp;
beforeAll(async () => {
  doors = await startDoors();
});
afterAll(closeDoors);

const send = (...args: Parameters<TestHttp['send']>): Promise<TestAnswer> => doors.send(...args);
const cbor = (value: unknown): Body => encodeCbor(value) as Body;

describe('the form of an answer (PLAT-5)', () => {
  const update = (headers: Record<string, string>, body: Body): Promise<TestAnswer> =>
    send('PATCH', '/users/me', { headers, body });
  const type = (answer: TestAnswer): string | null => answer.headers.get('content-type');

  it('is what Accept asks for, whatever the request came as', async () => {
    const asCbor = await update({ ...JSON_TYPE, accept: 'application/cbor' }, '{"name":"Ada"}');
    expect([asCbor.status, type(asCbor)]).toEqual([200, 'application/cbor']);
    expect(asCbor.body).toMatchObject({ echo: { name: 'Ada' } });
    const asJson = await update({ ...CBOR_TYPE, accept: 'application/json' }, cbor({ name: 'Ada' }));
    expect([asJson.status, type(asJson)]).toEqual([200, 'application/json']);
    expect(asJson.body).toMatchObject({ echo: { name: 'Ada' } });
  });

  it('is what the request came as where the client leaves it open, and JSON for who sends nothing', async () => {
    expect(type(await update(CBOR_TYPE, cbor({})))).toBe('application/cbor');
    expect(type(await update(JSON_TYPE, '{}'))).toBe('application/json');
    expect(type(await send('GET', '/health/ready'))).toBe('application/json');
  });

  it('is refused with 406 before anything happens when it is neither CBOR nor JSON', async () => {
    const answer = await update({ ...JSON_TYPE, accept: 'image/png' }, '{}');
    expect([answer.status, codeOf(answer)]).toEqual([406, 'request.not_acceptable']);
    expect((await send('GET', '/page', { headers: { accept: 'text/html' } })).body).toBe('<p>hello</p>');
  });
});

describe('the error envelope (PLAT-6)', () => {
  it.each(['application/cbor', 'application/json'])('is the same in %s', async (accept) => {
    const answer = await send('GET', '/nowhere', { headers: { accept, 'x-request-id': 'r-1' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, accept]);
    expect(answer.body).toEqual({
      error: {
        code: 'request.not_found',
        message: 'There is no such route.',
        request_id: 'r-1',
        retryable: false,
      },
    });
  });

  it('says nothing about the inside; the log does, without the stack of what was expected', async () => {
    const failed = await send('GET', '/entity/whatever');
    expect([failed.status, codeOf(failed)]).toEqual([500, 'internal']);
    expect(JSON.stringify(failed.body)).not.toMatch(/hunter2|srv|Error/);
    const id = failed.headers.get('x-request-id');
    const line = doors.lines.find(({ msg, request_id }) => msg === 'http.failed' && request_id === id);
    expect(line).toMatchObject({ err: { message: expect.stringContaining('hunter2') as string } });
    const away = await send('GET', '/entity/away');
    expect([away.status, codeOf(away)]).toEqual([503, 'dependency.unavailable']);
    expect(JSON.stringify(away.body)).not.toContain('disk');
    expect(away.headers.get('retry-after')).toBe('1');
  });

  it('carries Retry-After, rounded up to seconds', async () => {
    const answer = await send('GET', '/entity/busy');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '3']);
  });

  it('is sent for a wrong method, with what would be allowed', async () => {
    const answer = await send('DELETE', '/auth/refresh');
    expect([answer.status, codeOf(answer), answer.headers.get('allow')]).toEqual([
      405,
      'request.method_not_allowed',
      'POST',
    ]);
    expect((await send('GET', '/entity/a/b')).status).toBe(404);
  });

  it('is sent for a URL that cannot be decoded, without a word of the framework', async () => {
    const answer = await send('GET', '/entity/%zz');
    expect([answer.status, codeOf(answer)]).toEqual([400, 'query.invalid']);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const long = await send('GET', `/entity/${'a'.repeat(2_000)}`, {
      headers: { accept: 'application/cbor' },
    });
    expect([long.status, codeOf(long), long.headers.get('content-type')]).toEqual([
      404,
      'request.not_found',
      'application/cbor',
    ]);
  });
});

describe('a body (PLAT-4)', () => {
  const post = (headers: Record<string, string>, body: Body): Promise<TestAnswer> =>
    send('POST', '/auth/refresh', { headers, body });

  it.each([
    ['truncated CBOR', CBOR_TYPE, Uint8Array.of(0xa2, 0x61, 0x61, 0x01, 0x61)],
    ['duplicate keys in CBOR', CBOR_TYPE, Uint8Array.of(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2)],
    ['200 nested arrays in CBOR', CBOR_TYPE, Uint8Array.from([...Array<number>(200).fill(0x81), 0])],
    ['duplicate keys in JSON', JSON_TYPE, '{"a":1,"a":2}'],
    ['200 nested arrays in JSON', JSON_TYPE, `${'['.repeat(200)}${']'.repeat(200)}`],
    ['a __proto__ key', JSON_TYPE, '{"__proto__":{}}'],
    ['JSON that is not UTF-8', JSON_TYPE, Uint8Array.of(0x22, 0xff, 0x22)],
    ['half of a JSON text', JSON_TYPE, '{"refresh_token":'],
  ])('is refused before anything is made of it: %s', async (_name, headers, body) => {
    const answer = await post(headers, body);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'body.malformed']);
  });

  it('that lacks a field, or has another one, is refused with the path', async () => {
    const answer = await post(JSON_TYPE, '{"refresh_token":"t","x":1}');
    expect([answer.status, codeOf(answer)]).toEqual([400, 'body.invalid']);
    expect(codeOf(await post(JSON_TYPE, ''))).toBe('body.invalid');
  });

  it('over the cap of its route is refused with 413, with and without Content-Length', async () => {
    const tooLarge = new Uint8Array(64 * 1024 + 1);
    const known = await post(CBOR_TYPE, tooLarge);
    expect([known.status, codeOf(known)]).toEqual([413, 'body.too_large']);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(tooLarge);
        controller.close();
      },
    });
    const init = { headers: CBOR_TYPE, body: stream, duplex: 'half' };
    const chunked = await send('POST', '/auth/refresh', init);
    expect(chunked.status).toBe(413);
  });

  it('may be larger where the route says so, and stays bytes where a signature covers it', async () => {
    const bytes = new Uint8Array(200_000).fill(7);
    const answer = await send('POST', '/internal/callbacks/x', {
      headers: { ...CBOR_TYPE, accept: 'application/cbor' },
      body: bytes,
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ bytes });
  });

  it.each(['text/xml', 'application/json; charset=utf-16', 'multipart/form-data; boundary=x'])(
    'of type %s is refused with 415',
    async (type) => {
      const answer = await post({ 'content-type': type }, '<a/>');
      expect([answer.status, codeOf(answer)]).toEqual([415, 'body.unsupported_type']);
    },
  );

  it('that is compressed is refused with 415', async () => {
    const answer = await post({ ...JSON_TYPE, 'content-encoding': 'gzip' }, 'x');
    expect([answer.status, codeOf(answer)]).toEqual([415, 'body.unsupported_type']);
  });
});

describe('every answer (PLAT-7)', () => {
  it('names the request: the id that the caller sent, or a new one', async () => {
    const given = await send('GET', '/page', { headers: { 'x-request-id': 'abc.1:2_3' } });
    expect(given.headers.get('x-request-id')).toBe('abc.1:2_3');
    const bad = await send('GET', '/page', { headers: { 'x-request-id': 'a b"<' } });
    expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('goes on with the caller’s trace, and so do the log lines', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await send('GET', '/page', {
      headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01`, 'x-request-id': 'traced' },
    });
    expect(answer.headers.get('traceparent')).toMatch(
      new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`),
    );
    const line = doors.lines.find((entry) => entry['request_id'] === 'traced');
    expect(line).toMatchObject({ msg: 'http.request', trace_id: trace, route: '/page', status: 200 });
  });

  it('forbids what a browser should not do with it', async () => {
    const { headers } = await send('GET', '/nowhere');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('is logged in one line without the query, which may hold secrets', async () => {
    await send('GET', '/page?token=eyJhbGciOiJ.aaaaaaaa.bbbb', { headers: { 'x-request-id': 'query' } });
    const lines = doors.lines.filter((entry) => entry['request_id'] === 'query');
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('eyJ');
  });

  it('comes in the context of its request, also behind a body', async () => {
    const answer = await send('PATCH', '/users/me', {
      headers: { ...JSON_TYPE, 'x-request-id': 'ctx' },
      body: '{}',
    });
    expect(answer.body).toMatchObject({ context: 'ctx' });
  });
});

describe('a request that takes too long (PLAT-8)', () => {
  it('is answered with 504', async () => {
    const quick = await startDoors({ env: { REQUEST_TIMEOUT_MS: '30' } });
    const answer = await quick.send('GET', '/entity/slow');
    expect([answer.status, codeOf(answer)]).toEqual([504, 'request.deadline']);
  });
});

describe('bytes that are not HTTP', () => {
  it('end their own connection and nothing else', async () => {
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(doors.http.port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      let text = '';
      socket.on('data', (data) => (text += data.toString()));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    expect((await send('GET', '/page')).status).toBe(200);
  });
});
