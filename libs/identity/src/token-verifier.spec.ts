import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { asUserId } from '@state-server/domain';
import { createFakeEnvironment } from '@state-server/testing';
import { createTokenIssuer } from './access-token';
import { coded } from './identity.spec-support';
import { staticKeys } from './key-source';
import type { Revocations } from './revocations';
import { loadSigningKeys } from './signing-keys';
import { newPrivateKeyPem, NO_REVOCATIONS } from './test-tokens';
import { createTokenVerifier, type TokenVerifier } from './token-verifier';

const NAMES = { issuer: 'https://auth.test', audience: 'state-server' };
const MINUTE = 60_000;

interface Changes {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  /** Default: signed by the right key. */
  readonly signature?: (input: string) => string;
}

async function world(revocations: Revocations = NO_REVOCATIONS, onClockSkew?: (aheadMs: number) => void) {
  const environment = createFakeEnvironment();
  const pem = newPrivateKeyPem();
  const keys = await loadSigningKeys(pem);
  const issuer = createTokenIssuer({ keys, ...NAMES, environment });
  const source = await staticKeys(keys.jwks);
  let lookUps = 0;
  let withdrawn = false;
  const find = async (kid: string) => {
    lookUps += 1;
    return withdrawn ? undefined : source.find(kid);
  };
  const counted = { ...source, find };
  const verifier: TokenVerifier = createTokenVerifier({
    ...{ keys: counted, revocations, ...NAMES, environment },
    ...(onClockSkew && { onClockSkew }),
  });
  const subject = {
    user_id: asUserId(environment.ids.uuid()),
    session_id: environment.ids.uuid() as never,
    name: 'Ada',
  };
  const { access_token: token } = await issuer.issue(subject);
  const forge = (changes: Changes): string => {
    const [header = '', payload = ''] = token.split('.');
    const part = (text: string, change: Record<string, unknown> = {}): string => {
      const parsed = JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
      return Buffer.from(JSON.stringify({ ...parsed, ...change })).toString('base64url');
    };
    const input = `${part(header, changes.header)}.${part(payload, changes.claims)}`;
    const own = (text: string): string => sign(null, Buffer.from(text), pem).toString('base64url');
    return `${input}.${(changes.signature ?? own)(input)}`;
  };
  const withdraw = (): void => {
    withdrawn = true;
  };
  return { environment, keys, verifier, subject, token, forge, pem, withdraw, lookUps: () => lookUps };
}

describe('an access token (ID1)', () => {
  it('says who it is for, and until when', async () => {
    const { verifier, token, subject, environment } = await world();
    const now = environment.clock.now();
    expect(await verifier.verify(token)).toEqual({
      ...subject,
      kind: 'user',
      token_id: expect.any(String) as string,
      issued_at: now,
      expires_at: now + 15 * MINUTE,
    });
  });

  it('has our type and algorithm, and names its key by its thumbprint', async () => {
    const { token, keys } = await world();
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as unknown;
    expect(header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: keys.kid });
  });

  it('is refused to the millisecond when it has expired, from the cache too', async () => {
    const { verifier, token, environment } = await world();
    await environment.advance(15 * MINUTE - 1);
    await verifier.verify(token);
    await environment.advance(1);
    await expect(verifier.verify(token)).rejects.toEqual(coded('auth.expired'));
    const fresh = await world();
    await fresh.environment.advance(15 * MINUTE);
    await expect(fresh.verifier.verify(fresh.token)).rejects.toEqual(coded('auth.expired'));
  });

  it('is checked once a minute and remembered', async () => {
    const { verifier, token, lookUps, environment } = await world();
    for (let time = 0; time < 5; time += 1) await verifier.verify(token);
    expect(lookUps()).toBe(1);
    await environment.advance(MINUTE);
    for (let time = 0; time < 5; time += 1) await verifier.verify(token);
    expect(lookUps()).toBe(2);
  });

  it('dies with its key, however long it says that it lives: of a key that has leaked nothing stays good (ID1, KEY-4)', async () => {
    const { verifier, environment, forge, withdraw } = await world();
    const forged = forge({ claims: { exp: environment.clock.now() / 1_000 + 365 * 86_400 } });
    await verifier.verify(forged);
    withdraw();
    await environment.advance(MINUTE);
    await expect(verifier.verify(forged)).rejects.toEqual(coded('auth.invalid_token'));
  });

  it('is refused while nobody knows whether it was revoked (F2)', async () => {
    let staleMs = 5_000;
    const { verifier, token } = await world({ ...NO_REVOCATIONS, staleMs: () => staleMs });
    await verifier.verify(token);
    staleMs = 5_001;
    await expect(verifier.verify(token)).rejects.toEqual(coded('dependency.unavailable'));
  });
});

describe('a token of an auth service whose clock is not ours (ID1, L4)', () => {
  it('is good up to a minute ahead; beyond it the clocks are named as what is wrong, and not the token', async () => {
    const met: number[] = [];
    const { verifier, environment, forge } = await world(NO_REVOCATIONS, (ms) => met.push(ms));
    const issuedIn = (ms: number): string => {
      const iat = (environment.clock.now() + ms) / 1_000;
      return forge({ claims: { iat, exp: iat + 900 } });
    };
    await verifier.verify(issuedIn(MINUTE));
    expect(met).toEqual([]);
    await expect(verifier.verify(issuedIn(10 * MINUTE))).rejects.toMatchObject({
      ...{ code: 'clock.skew', status: 503, retryable: true },
      details: { ahead_seconds: 600 },
    });
    expect(met).toEqual([10 * MINUTE]);
  });

  it('says nothing about clocks to a token that is forged', async () => {
    const met: number[] = [];
    const { verifier, forge } = await world(NO_REVOCATIONS, (ms) => met.push(ms));
    const forged = forge({ claims: { iat: 4_000_000_000, exp: 4_000_000_900 }, signature: () => 'x' });
    await expect(verifier.verify(forged)).rejects.toEqual(coded('auth.invalid_token'));
    expect(met).toEqual([]);
  });
});

describe('a token that we did not issue (ID1)', () => {
  const attacks: [string, (made: Awaited<ReturnType<typeof world>>) => string][] = [
    [
      'another subject under the old signature',
      ({ forge, token }) => {
        const signature = token.split('.')[2] ?? '';
        return forge({ claims: { sub: '11111111-1111-4111-8111-111111111111' }, signature: () => signature });
      },
    ],
    ['alg none without a signature', ({ forge }) => forge({ header: { alg: 'none' }, signature: () => '' })],
    ['alg none with one', ({ forge }) => forge({ header: { alg: 'none' } })],
    [
      'HS256 with the public key as secret',
      ({ forge, pem }) => {
        const publicPem = createPublicKey(pem).export({ type: 'spki', format: 'pem' });
        const hmac = (input: string) => createHmac('sha256', publicPem).update(input).digest('base64url');
        return forge({ header: { alg: 'HS256' }, signature: hmac });
      },
    ],
    [
      'HS256 with the bytes of the public key as secret',
      ({ forge, keys }) => {
        const secret = Buffer.from(keys.jwks.keys[0]?.x ?? '', 'base64url');
        const hmac = (input: string) => createHmac('sha256', secret).update(input).digest('base64url');
        return forge({ header: { alg: 'HS256' }, signature: hmac });
      },
    ],
    [
      'another key under our key’s name',
      ({ forge }) => {
        const { privateKey } = generateKeyPairSync('ed25519');
        return forge({
          signature: (input) => sign(null, Buffer.from(input), privateKey).toString('base64url'),
        });
      },
    ],
    [
      'a key that it brings along',
      ({ forge }) => {
        const { privateKey, publicKey } = generateKeyPairSync('ed25519');
        return forge({
          header: { jwk: publicKey.export({ format: 'jwk' }), kid: 'mine' },
          signature: (input) => sign(null, Buffer.from(input), privateKey).toString('base64url'),
        });
      },
    ],
    ['an unknown key', ({ forge }) => forge({ header: { kid: 'other' } })],
    ['no name of a key', ({ forge }) => forge({ header: { kid: undefined } })],
    ['an endless name of a key', ({ forge }) => forge({ header: { kid: 'k'.repeat(1_000) } })],
    ['another issuer', ({ forge }) => forge({ claims: { iss: 'https://evil.test' } })],
    ['another audience', ({ forge }) => forge({ claims: { aud: 'billing' } })],
    ['another type that we sign', ({ forge }) => forge({ header: { typ: 'JWT' } })],
    ['no type', ({ forge }) => forge({ header: { typ: undefined } })],
    ['an extension that we do not know', ({ forge }) => forge({ header: { crit: ['x'], x: 1 } })],
    ['no session', ({ forge }) => forge({ claims: { sid: undefined } })],
    ['no id', ({ forge }) => forge({ claims: { jti: undefined } })],
    ['no end', ({ forge }) => forge({ claims: { exp: undefined } })],
    ['a subject that is no id', ({ forge }) => forge({ claims: { sub: 'admin' } })],
    ['not yet valid', ({ forge }) => forge({ claims: { nbf: 4_000_000_000 } })],
    ['rubbish', () => 'x'],
    ['three empty parts', () => '..'],
    ['nothing', () => ''],
    ['an endless token', ({ token }) => token + 'A'.repeat(10_000)],
    ['a cut signature', ({ token }) => token.slice(0, -4)],
  ];

  it.each(attacks)('is refused: %s', async (_name, attack) => {
    const made = await world();
    await expect(made.verifier.verify(attack(made))).rejects.toEqual(coded('auth.invalid_token'));
  });

  it('is told from one that we did: what is forged in these tests would pass with nothing changed', async () => {
    const { verifier, forge, subject } = await world();
    expect(await verifier.verify(forge({}))).toMatchObject(subject);
  });
});

describe('signing keys', () => {
  it('rotate without refusing anybody: all are published, the first signs', async () => {
    const environment = createFakeEnvironment();
    const [older, newer] = [newPrivateKeyPem(), newPrivateKeyPem()];
    const before = await loadSigningKeys(older);
    const after = await loadSigningKeys(`${newer}\n${older}`);
    const subject = { user_id: environment.ids.uuid() as never, session_id: environment.ids.uuid() as never };
    const tokens = await Promise.all(
      [before, after].map((keys) =>
        createTokenIssuer({ keys, ...NAMES, environment }).issue({ ...subject, name: '' }),
      ),
    );
    expect(after.jwks.keys.map(({ kid }) => kid)).toEqual([after.kid, before.kid]);
    const keys = await staticKeys(after.jwks);
    const verifier = createTokenVerifier({ keys, revocations: NO_REVOCATIONS, ...NAMES, environment });
    for (const { access_token } of tokens) expect(await verifier.verify(access_token)).toMatchObject(subject);
  });

  it.each([
    ['nothing', ''],
    ['a public key', createPublicKey(newPrivateKeyPem()).export({ type: 'spki', format: 'pem' }).toString()],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
    ],
    ['a broken key', newPrivateKeyPem().replace('MC4CAQAw', 'MC4CAQBB')],
  ])('are refused as %s, without a word of what they hold', async (_name, pem) => {
    const error: unknown = await loadSigningKeys(pem).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    const [, line = 'none'] = pem.split('\n');
    expect((error as Error).message).not.toContain(line);
  });

  it('publish nothing private', async () => {
    const { jwks } = await loadSigningKeys(newPrivateKeyPem());
    expect(Object.keys(jwks.keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });
});
