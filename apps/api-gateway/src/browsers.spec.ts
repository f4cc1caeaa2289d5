import { type Route, ROUTES } from '@state-server/protocol';
import { type Caller, codeOf, fieldOf, startTestGateway, type TestGateway } from './gateway.spec-support';

const PAGE = 'https://page.example';
const ID = '0b8f1f2e-0f0e-4c5e-8d1a-9d8f3d6a7b10';

let gateway: TestGateway;
let ada: Caller;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: { ALLOWED_ORIGINS: PAGE },
    quotas: { address: { points: 100_000, seconds: 60 } },
  });
  ada = await gateway.user('Ada');
  token = await gateway.tokens.issue({ user_id: ada.id, session_id: ada.session, name: ada.name });
});
afterAll(() => gateway.close());

/** Doors of this origin that want to know who asks. */
const GUARDED = Object.values<Route>(ROUTES).filter(
  ({ auth, area }) => auth === 'bearer' && area !== 'auth' && area !== 'internal',
);
const pathOf = ({ path }: Route): string =>
  path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => (name === 'version' ? '1' : ID));

describe('pages of other origins (EDGE-9)', () => {
  const preflight = (origin: string) =>
    gateway.nobody.ask('OPTIONS', '/object', {
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });

  it('are let in by name alone, without what the browser keeps for them', async () => {
    const { status, headers } = await preflight(PAGE);
    expect([status, headers.get('access-control-allow-origin')]).toEqual([204, PAGE]);
    const answer = await ada.ask('GET', '/users/me', { headers: { origin: PAGE } });
    for (const told of [headers, answer.headers]) {
      expect(told.get('access-control-allow-origin')).toBe(PAGE);
      expect(told.get('access-control-allow-credentials')).toBeNull();
      expect(told.get('vary')).toContain('origin');
    }
  });

  it.each([
    'null',
    'https://evil.example',
    'http://page.example',
    'https://page.example.evil.example',
    'https://evil-page.example',
    'https://page.example:8443',
    '*',
  ])('are told nothing when they are %s', async (origin) => {
    const { headers } = await preflight(origin);
    const answer = await ada.ask('GET', '/users/me', { headers: { origin } });
    for (const told of [headers, answer.headers]) {
      expect([...told.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      expect(told.get('vary')).toContain('origin');
    }
  });
});

describe('a request that a browser sends by itself (EDGE-10)', () => {
  it('speaks for nobody: no door takes cookies, Basic, or a token in the address', async () => {
    expect(GUARDED.length).toBeGreaterThan(40);
    const ambient = {
      cookie: `access_token=${token}; token=${token}; session=${ada.session}; __Host-sign-in=${token}`,
      'x-access-token': token,
    };
    const basic = { authorization: `Basic ${Buffer.from(`${ada.id}:${token}`).toString('base64')}` };
    const refused: unknown[] = [];
    for (const route of GUARDED) {
      for (const headers of [ambient, basic]) {
        const path = `${pathOf(route)}?access_token=${token}`;
        const answer = await gateway.nobody.ask(route.method, path, {
          headers,
          key: crypto.randomUUID(),
          ...(route.method === 'GET' ? {} : { body: {} }),
        });
        refused.push([route.id, answer.status, codeOf(answer)]);
      }
    }
    const expected = GUARDED.flatMap(({ id }) => [id, id]).map((id) => [id, 401, 'auth.required']);
    expect(refused).toEqual(expected);
  });

  it('is none that a form or a simple request of a page can make: such bodies are refused', async () => {
    const forms = [
      ['application/x-www-form-urlencoded', 'name=town'],
      [
        'multipart/form-data; boundary=x',
        '--x\r\ncontent-disposition: form-data; name="name"\r\n\r\ntown\r\n--x--',
      ],
      ['text/plain', '{"name":"town"}'],
      ['text/plain; charset=utf-8', '{"name":"town"}'],
    ] as const;
    for (const route of GUARDED.filter(({ method, request }) => method === 'POST' && request !== undefined)) {
      for (const [type, raw] of forms) {
        const answer = await ada.ask('POST', pathOf(route), {
          raw,
          headers: { 'content-type': type },
          key: crypto.randomUUID(),
        });
        expect([route.id, type, answer.status, codeOf(answer)]).toEqual([
          route.id,
          type,
          415,
          'body.unsupported_type',
        ]);
      }
    }
    const mine = await ada.ask('GET', '/brane');
    expect(fieldOf(mine.body, 'items')).toEqual([]);
  });

  it('changes nothing with a method that is safe', () => {
    const safe = Object.values<Route>(ROUTES).filter(({ method }) => method === 'GET');
    for (const { id, request, idempotency } of safe) {
      expect([id, request, idempotency]).toEqual([id, undefined, 'none']);
    }
  });
});

describe('what a browser may do with an answer (EDGE-11)', () => {
  it('is little: no sniffing, no frame, no script, no cache, no referrer, on every answer', async () => {
    const answers = await Promise.all([
      ada.ask('GET', '/users/me'),
      gateway.nobody.ask('GET', '/nowhere'),
      gateway.nobody.ask('GET', '/health/live'),
      gateway.nobody.ask('POST', '/auth/dev'),
      gateway.nobody.ask('GET', '/users/%zz'),
    ]);
    for (const { headers } of answers) {
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('cache-control')).toContain('no-store');
      expect(headers.get('x-powered-by') ?? headers.get('server')).toBeNull();
    }
  });

  it('is what a page needs and no more on a page', async () => {
    for (const path of ['/', '/docs', '/docs/websocket']) {
      const { headers } = await gateway.nobody.ask('GET', path, { headers: { accept: 'text/html' } });
      const policy = headers.get('content-security-policy') ?? '';
      for (const part of [
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ]) {
        expect(policy).toContain(part);
      }
      expect(policy).not.toMatch(/script-src[^;]*unsafe|unsafe-eval|\*/);
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    }
  });
});

describe('who comes from where (EDGE-8)', () => {
  it('is not what he says: another X-Forwarded-For is no other caller', async () => {
    const small = await startTestGateway({ quotas: { address: { points: 2, seconds: 3_600 } } });
    try {
      const from = (address: string) =>
        small.nobody.ask('GET', '/users/me', {
          headers: { 'x-forwarded-for': address, forwarded: `for=${address}` },
        });
      const statuses: number[] = [];
      for (const address of ['8.8.8.1', '8.8.8.2', '8.8.8.3']) statuses.push((await from(address)).status);
      expect(statuses).toEqual([401, 401, 429]);
    } finally {
      await small.close();
    }
  });

  it('is what a trusted proxy says, of whatever the client added before', async () => {
    const behind = await startTestGateway({
      env: { TRUSTED_PROXIES: 'loopback' },
      quotas: { address: { points: 1, seconds: 3_600 } },
    });
    try {
      const from = (chain: string) =>
        behind.nobody.ask('GET', '/users/me', { headers: { 'x-forwarded-for': chain } });
      const chains = ['203.0.113.1', '8.8.8.8, 203.0.113.1', '127.0.0.1, 203.0.113.1', '203.0.113.2'];
      const statuses: number[] = [];
      for (const chain of chains) statuses.push((await from(chain)).status);
      expect(statuses).toEqual([401, 429, 429, 401]);
    } finally {
      await behind.close();
    }
  });
});
