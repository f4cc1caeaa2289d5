import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { silentLogger } from '@state-server/platform';
import { type JWTPayload, SignJWT } from 'jose';
import { coded, createWorld, type World } from './identity.spec-support';
import { staticKeys } from './key-source';
import { importOutsideKeys } from './outside-keys';
import { type OutsideIssuer, parseOutsideIssuers } from './outside-issuer-settings';
import { looksPublic, outsideIssuer, sharedSecretIssuer } from './other-issuers';
import { createRevocationWatch, type RevocationWatch } from './revocation-watch';
import { endSession, endSessionsOf } from './sessions';
import { loadSigningKeys } from './signing-keys';
import { createTestTokens, newPrivateKeyPem } from './test-tokens';
import { createTokenVerifier, type TokenVerifier } from './token-verifier';

const OWN = { issuer: 'https://auth.test', audience: 'state-server' };
const THEIRS = 'https://id.test/realms/world';
const SECRET = 'a-shared-secret-of-these-tests-0123456789';
const HOUR = 3_600;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
const jwkOf = (key: KeyObject, kid: string, more: object = {}): object => ({
  ...key.export({ format: 'jwk' }),
  kid,
  ...more,
});
const JWKS = [
  jwkOf(rsa.publicKey, 'rsa', { use: 'sig' }),
  jwkOf(ec.publicKey, 'ec'),
  jwkOf(short.publicKey, 'short'),
  jwkOf(rsa.publicKey, 'encrypts', { use: 'enc' }),
  { kty: 'oct', k: Buffer.from(SECRET).toString('base64url'), kid: 'oct', alg: 'HS256' },
];

const SETTINGS = {
  issuer: THEIRS,
  jwks_url: 'https://id.test/certs',
  audience: 'world-api',
  algorithms: ['RS256', 'ES256'],
  claims: { user_id: 'sub', name: 'preferred_username', roles: '/realm_access/roles', scopes: 'scope' },
  admin_roles: ['world-admin'],
  scopes: { 'world.read': ['brane:read', 'prototype:read'] },
};
const parse = (settings: object, allowHttp = false): readonly OutsideIssuer[] =>
  parseOutsideIssuers(JSON.stringify([settings]), { ownIssuer: OWN.issuer, allowHttp });

const watches: RevocationWatch[] = [];
afterEach(() => Promise.all(watches.splice(0).map((watch) => watch.close())));

interface Outside {
  readonly world: World;
  readonly verifier: TokenVerifier;
  /** A token of theirs. */
  token(
    change?: JWTPayload,
    how?: { alg?: string; kid?: string; key?: KeyObject; typ?: string },
  ): Promise<string>;
  hs256(claims: JWTPayload, secret?: string): Promise<string>;
}

async function outside(change: object = {}): Promise<Outside> {
  const world = await createWorld();
  const { store, environment, bus } = world;
  const log = silentLogger();
  const revocations = await createRevocationWatch({ store, bus, environment, log });
  watches.push(revocations);
  const [settings] = parse({ ...SETTINGS, ...change });
  if (!settings) throw new Error('no settings');
  const keys = await importOutsideKeys(settings.algorithms)(JWKS);
  const users = { store, environment, log };
  const own = await loadSigningKeys(newPrivateKeyPem());
  const seconds = (): number => Math.floor(environment.clock.now() / 1_000);
  const verifier = createTokenVerifier({
    ...{ keys: await staticKeys(own.jwks), revocations, ...OWN, environment },
    others: [
      sharedSecretIssuer({ ...OWN, secret: () => SECRET }, users),
      outsideIssuer(settings, { find: async (kid) => keys.get(kid) }, users),
    ],
  });
  return {
    world,
    verifier,
    token: (claims = {}, { alg = 'RS256', kid = 'rsa', key = rsa.privateKey, typ = 'JWT' } = {}) =>
      new SignJWT({
        iss: THEIRS,
        aud: 'world-api',
        sub: 'u-1',
        preferred_username: 'Ada',
        sid: 's-1',
        jti: 't-1',
        ...{ iat: seconds(), exp: seconds() + HOUR },
        ...claims,
      })
        .setProtectedHeader({ alg, kid, typ })
        .sign(key),
    hs256: (claims, secret = SECRET) =>
      new SignJWT({
        ...{ iss: OWN.issuer, aud: OWN.audience, iat: seconds(), exp: seconds() + HOUR },
        ...claims,
      })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .sign(new TextEncoder().encode(secret)),
  };
}

const sessionsOf = (world: World, user: string) =>
  world.store.read({ label: 'test' }, (tx) =>
    tx.range('sessions', { index: 'by_user', prefix: [user], limit: 10 }),
  );
const userOf = (world: World, user: string) =>
  world.store.read({ label: 'test' }, (tx) => tx.get('users', [user]));

describe('a token of an outside issuer (ID17)', () => {
  it('makes its user at first sight, who is known by issuer and subject ever after', async () => {
    const { world, verifier, token } = await outside();
    const first = await verifier.verify(await token());
    expect(first).toMatchObject({ name: 'Ada', kind: 'user' });
    await world.environment.advance(1_000);
    const again = await verifier.verify(await token({ preferred_username: 'Somebody else', jti: 't-2' }));
    expect(again).toMatchObject({ user_id: first.user_id, session_id: first.session_id, name: 'Ada' });
    expect(again.token_id).not.toBe(first.token_id);
    const other = await verifier.verify(await token({ sub: 'u-2' }));
    expect(other.user_id).not.toBe(first.user_id);
    expect(other.session_id).not.toBe(first.session_id);
    expect(await sessionsOf(world, first.user_id)).toMatchObject([
      { id: first.session_id, issuer: `issuer:${THEIRS}` },
    ]);
  });

  it('makes one user, however many of his tokens come at the same time', async () => {
    const { verifier, token } = await outside();
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, jti) => token({ jti: `${jti}` })));
    const users = await Promise.all(tokens.map((one) => verifier.verify(one)));
    expect(new Set(users.map(({ user_id }) => user_id)).size).toBe(1);
  });

  it('is signed by one of its keys, each with the one algorithm that it is for', async () => {
    const { verifier, token } = await outside();
    await verifier.verify(await token({}, { alg: 'ES256', kid: 'ec', key: ec.privateKey }));
    const refused: Parameters<Outside['token']>[1][] = [
      { alg: 'RS512' },
      { alg: 'PS256' },
      { kid: 'ec' },
      { alg: 'ES256', kid: 'rsa', key: ec.privateKey },
      { kid: 'none' },
      { kid: 'encrypts' },
      { typ: 'logout+jwt' },
    ];
    for (const how of refused) {
      await expect(verifier.verify(await token({}, how))).rejects.toEqual(coded('auth.invalid_token'));
    }
    const input = (await token()).split('.').slice(1, 2);
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'oct', typ: 'JWT' })).toString(
      'base64url',
    );
    const text = `${header}.${input[0] ?? ''}`;
    const mac = createHmac('sha256', SECRET).update(text).digest('base64url');
    await expect(verifier.verify(`${text}.${mac}`)).rejects.toEqual(coded('auth.invalid_token'));
  });

  it('is for us, names somebody, and lives a day at most', async () => {
    const { world, verifier, token } = await outside();
    const now = Math.floor(world.environment.clock.now() / 1_000);
    const refused: JWTPayload[] = [
      { aud: 'another-api' },
      { iss: 'https://id.test/realms/other' },
      { iss: OWN.issuer },
      { sub: undefined as never },
      { sub: 'x'.repeat(300) },
      { exp: now + 25 * HOUR },
      { iat: undefined as never },
      { nbf: now + 120 },
    ];
    for (const claims of refused) {
      await expect(verifier.verify(await token(claims))).rejects.toEqual(coded('auth.invalid_token'));
    }
    await verifier.verify(await token({ nbf: now + 50, iat: now + 50, exp: now + 60 }));
    await expect(verifier.verify(await token({ exp: now - 1 }))).rejects.toEqual(coded('auth.expired'));
  });

  it('says what it may be used for, and who administers', async () => {
    const { world, verifier, token } = await outside();
    const plain = await verifier.verify(await token({ scope: 'openid world.read brane:write brane:write' }));
    expect(plain.scopes).toEqual(['brane:read', 'prototype:read', 'brane:write']);
    const none = await verifier.verify(await token({ jti: 't-2' }));
    expect(none.scopes).toEqual([]);
    expect((await userOf(world, plain.user_id))?.roles).toEqual(['user']);
    await verifier.verify(await token({ jti: 't-3', realm_access: { roles: ['world-admin'] } }));
    expect((await userOf(world, plain.user_id))?.roles).toEqual(['user', 'admin']);
    await verifier.verify(await token({ jti: 't-4', realm_access: { roles: [] } }));
    expect((await userOf(world, plain.user_id))?.roles).toEqual(['user']);
  });

  it('does not bring back a session that was ended here, whatever is issued for it meanwhile', async () => {
    const { world, verifier, token } = await outside();
    const one = await token();
    const identity = await verifier.verify(one);
    const [session] = await sessionsOf(world, identity.user_id);
    if (!session) throw new Error('no session');
    await world.store.transact({ label: 'test' }, async (tx) =>
      endSession(tx, session, world.environment.clock.now()),
    );
    await world.environment.advance(2_000);
    await expect(verifier.verify(one)).rejects.toEqual(coded('auth.revoked'));
    await expect(verifier.verify(await token({ jti: 't-2' }))).rejects.toEqual(coded('auth.revoked'));
    // Its revocation is kept for as long as the token lives, which is longer than one of ours would.
    await world.environment.advance((HOUR - 10) * 1_000);
    await expect(verifier.verify(one)).rejects.toEqual(coded('auth.revoked'));
    expect(await verifier.verify(await token({ sid: 's-2' }))).toMatchObject({ user_id: identity.user_id });
  });

  it('of a user who is suspended, or of all whose tokens before a time are dead, is refused', async () => {
    const { world, verifier, token } = await outside();
    const one = await token();
    const { user_id } = await verifier.verify(one);
    await world.store.transact({ label: 'test' }, async (tx) =>
      endSessionsOf(tx, user_id, world.environment.clock.now() + 1),
    );
    await world.environment.advance(2_000);
    await expect(verifier.verify(one)).rejects.toEqual(coded('auth.revoked'));
    const user = await userOf(world, user_id);
    if (!user) throw new Error('no user');
    const suspension = { reason: 'x', at: user.created_at, by: user_id };
    await world.store.transact({ label: 'test' }, async (tx) => tx.put('users', { ...user, suspension }));
    await expect(verifier.verify(await token({ sid: 's-9' }))).rejects.toEqual(coded('user.suspended'));
  });

  it('waits for the store, and is checked once', async () => {
    const { world, verifier, token } = await outside();
    const one = await token();
    await verifier.verify(one);
    world.storeAway = true;
    await verifier.verify(one);
    await expect(verifier.verify(await token({ sub: 'u-2' }))).rejects.toEqual(
      coded('dependency.unavailable'),
    );
  });
});

describe('a token of a shared secret (ID18)', () => {
  it('stands for the user whose id it names, or whom its subject makes', async () => {
    const { world, verifier, hs256 } = await outside();
    const own = await verifier.verify(await hs256({ sub: world.user.id }));
    expect(own).toMatchObject({ user_id: world.user.id, name: 'Ada' });
    const legacy = '11111111-1111-4111-8111-111111111111';
    expect(await verifier.verify(await hs256({ sub: legacy, name: 'Eve' }))).toMatchObject({
      user_id: legacy,
      name: 'Eve',
    });
    const named = await verifier.verify(await hs256({ sub: 'bob', name: 'Bob' }));
    expect(await verifier.verify(await hs256({ sub: 'bob', sid: 'other' }))).toMatchObject({
      user_id: named.user_id,
    });
  });

  it('is good under that secret alone, and not for a user who is gone', async () => {
    const { world, verifier, hs256 } = await outside();
    for (const secret of ['another-secret-of-these-tests-0123456789', SECRET.toUpperCase()]) {
      await expect(verifier.verify(await hs256({ sub: 'bob' }, secret))).rejects.toEqual(
        coded('auth.invalid_token'),
      );
    }
    const gone = { ...world.user, deleted_at: world.user.created_at };
    await world.store.transact({ label: 'test' }, async (tx) => tx.put('users', gone));
    await expect(verifier.verify(await hs256({ sub: world.user.id }))).rejects.toEqual(
      coded('auth.invalid_token'),
    );
  });

  it('is none where there is no secret', async () => {
    const { hs256 } = await outside();
    const { verifier } = await createTestTokens(await createWorld());
    await expect(verifier.verify(await hs256({ sub: 'bob' }))).rejects.toEqual(coded('auth.invalid_token'));
  });

  it('cannot be made with what is published: no form of a public key is taken for a secret', () => {
    const forms = [rsa.publicKey, ec.publicKey, generateKeyPairSync('ed25519').publicKey].flatMap((key) => {
      const pem = key.export({ type: 'spki', format: 'pem' }).toString();
      const der = key.export({ type: 'spki', format: 'der' }).toString('base64');
      return [pem, ` ${pem}`, der, JSON.stringify(key.export({ format: 'jwk' }))];
    });
    expect(forms.filter((form) => !looksPublic(form))).toEqual([]);
    expect(looksPublic(SECRET)).toBe(false);
  });
});

describe('the list of outside issuers (ID17)', () => {
  it.each<[string, object, string]>([
    ['plain http', { jwks_url: 'http://id.test/certs' }, '/0/jwks_url'],
    ['a symmetric algorithm', { algorithms: ['HS256'] }, '/0/algorithms'],
    ['no signature at all', { algorithms: ['none'] }, '/0/algorithms'],
    ['no algorithm', { algorithms: [] }, '/0/algorithms'],
    ['our own name', { issuer: OWN.issuer }, '/0/issuer'],
    ['a scope that we do not have', { scopes: { x: ['brane:rule'] } }, '/0/scopes'],
    ['a setting that there is not', { secret: 'x' }, '/0'],
    ['roles that are read nowhere', { claims: {}, admin_roles: ['x'] }, '/0/admin_roles'],
  ])('refuses %s, and says where', (_name, change, where) => {
    expect(() => parse({ ...SETTINGS, ...change })).toThrow(where);
  });

  it('takes plain http in development alone, and each issuer once', () => {
    expect(parse({ ...SETTINGS, jwks_url: 'http://127.0.0.1:9/certs' }, true)).toHaveLength(1);
    const twice = JSON.stringify([SETTINGS, SETTINGS]);
    expect(() => parseOutsideIssuers(twice, { ownIssuer: OWN.issuer, allowHttp: false })).toThrow(
      '/1/issuer',
    );
  });
});
