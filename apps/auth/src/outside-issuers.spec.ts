import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@state-server/platform';
import { closeAll, codeOf, startAuth, PRODUCTION_INTERNAL } from './auth.spec-support';
import { signJwt } from './sign-jwt.spec-support';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ISSUER = 'https://id.test/realms/world';

let folder: string;
let server: Server;
let answers: boolean;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outside-issuers-'));
  answers = true;
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    // Who does not answer at all is given up in time.
    if (answers)
      response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await closeAll();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function settings(change: object = {}): Record<string, string> {
  const file = join(folder, 'issuers.json');
  const { port } = server.address() as AddressInfo;
  const jwks_url = `http://127.0.0.1:${port}/certs`;
  const issuer = { issuer: ISSUER, jwks_url, audience: 'world', algorithms: ['RS256'] };
  writeFileSync(file, JSON.stringify([{ ...issuer, ...change }]));
  return { OUTSIDE_ISSUERS_FILE: file };
}

const token = (claims: object = {}): string => {
  const now = Math.floor(Date.now() / 1_000);
  const own = { iss: ISSUER, aud: 'world', sub: 'u-1', name: 'Ada', sid: 's-1', iat: now, exp: now + 300 };
  return signJwt({ alg: 'RS256', typ: 'at+jwt', kid: 'k' }, { ...own, ...claims }, privateKey);
};

describe('an identity service of somebody’s own (ID17)', () => {
  it('issues the tokens; its users have sessions, tickets and an end of them as all others', async () => {
    const auth = await startAuth(settings());
    const session = await auth.send('GET', '/auth/session', { token: token() });
    expect([session.status, session.body]).toMatchObject([
      200,
      { user: { name: 'Ada', roles: ['user'] }, session: { issuer: `issuer:${ISSUER}`, current: true } },
    ]);
    const list = await auth.send('GET', '/auth/sessions', { token: token({ jti: 'other' }) });
    expect(list.body['items']).toHaveLength(1);
    expect((await auth.send('POST', '/auth/logout', { token: token() })).status).toBe(204);
    expect(codeOf(await auth.send('GET', '/auth/session', { token: token({ jti: 'third' }) }))).toBe(
      'auth.revoked',
    );
  });

  it('that is away delays nobody but its own users, and those are told that it is not their fault', async () => {
    answers = false;
    const auth = await startAuth(settings());
    const answer = await auth.send('GET', '/auth/session', { token: token() });
    expect([answer.status, codeOf(answer)]).toEqual([503, 'dependency.unavailable']);
    expect((await auth.send('POST', '/auth/dev', { body: { name: 'Ada' } })).status).toBe(200);
    const ready = await fetch(`${auth.http.url}/health/ready`);
    expect(ready.status).toBe(200);
  });

  it('is refused at the start when its settings are not right, in production when it is not https', async () => {
    const refused = (env: Record<string, string>): Promise<unknown> =>
      startAuth(env).catch((error: unknown) => error);
    expect(await refused(settings({ audience: undefined }))).toBeInstanceOf(ConfigError);
    expect(await refused({ OUTSIDE_ISSUERS_FILE: join(folder, 'none') })).toBeInstanceOf(ConfigError);
    const production = {
      ...PRODUCTION_INTERNAL,
      NODE_ENV: 'production',
      DEV_AUTH: 'false',
      TLS_AT_EDGE: 'true',
    };
    const error = await refused({ ...settings(), ...production, EMBEDDED_STORE_IN_PRODUCTION: 'true' });
    expect(String(error)).toContain('jwks_url');
  });
});

describe('the shared secret (ID18)', () => {
  it('is refused in production when it is short, a placeholder or published, and never a public key', async () => {
    const production = {
      ...PRODUCTION_INTERNAL,
      ...{ NODE_ENV: 'production', DEV_AUTH: 'false', TLS_AT_EDGE: 'true' },
      EMBEDDED_STORE_IN_PRODUCTION: 'true',
    };
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const JWT_SECRET of ['short', 'change-me-change-me-change-me-change-me', 'a'.repeat(64), pem]) {
      const error: unknown = await startAuth({ ...production, JWT_SECRET }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).toContain('JWT_SECRET');
      expect(String(error)).not.toContain(JWT_SECRET);
    }
    await expect(startAuth({ JWT_SECRET: pem })).rejects.toThrow('JWT_SECRET');
  });
});
