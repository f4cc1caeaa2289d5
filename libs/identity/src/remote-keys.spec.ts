import { silentLogger } from '@state-server/platform';
import { createFakeEnvironment } from '@state-server/testing';
import { coded } from './identity.spec-support';
import { remoteKeys } from './remote-keys';
import { type Jwks, loadSigningKeys } from './signing-keys';
import { newPrivateKeyPem } from './test-tokens';

const MINUTE = 60_000;

async function world() {
  const environment = createFakeEnvironment();
  const first = await loadSigningKeys(newPrivateKeyPem());
  const second = await loadSigningKeys(newPrivateKeyPem());
  const auth = {
    looks: 0,
    answer: (): Promise<Response> => Promise.resolve(jwksAnswer(first.jwks)),
  };
  const keys = remoteKeys({
    url: 'http://auth.test/jwks',
    environment,
    log: silentLogger(),
    fetch: () => {
      auth.looks += 1;
      return auth.answer();
    },
  });
  return { environment, first, second, auth, keys };
}

const jwksAnswer = (jwks: Jwks | object): Response => Response.json(jwks);
const away = (): Promise<never> => Promise.reject(new Error('ECONNREFUSED'));

describe('the keys of the auth service (ID2)', () => {
  it('are looked for once for all who ask at the same time, and then kept', async () => {
    const { keys, first, auth } = await world();
    const found = await Promise.all(Array.from({ length: 20 }, () => keys.find(first.kid)));
    expect(found.every((key) => key !== undefined)).toBe(true);
    await keys.find(first.kid);
    expect([auth.looks, keys.state().status]).toEqual([1, 'ok']);
  });

  it('serve while they are looked at again, and while auth is away', async () => {
    const { environment, keys, first, auth } = await world();
    await keys.find(first.kid);
    await environment.advance(5 * MINUTE + 1);
    auth.answer = away;
    expect(await keys.find(first.kid)).toBeDefined();
    await environment.settle();
    expect([auth.looks, keys.state().status]).toEqual([2, 'degraded']);
    await environment.advance(60 * MINUTE);
    expect(await keys.find(first.kid)).toBeDefined();
    await environment.settle();
    auth.answer = () => Promise.resolve(jwksAnswer(first.jwks));
    await environment.advance(1_000);
    await keys.find(first.kid);
    await environment.settle();
    expect(keys.state().status).toBe('ok');
  });

  it('are looked at again at once for a name that is not known: a new key works as soon as it is published', async () => {
    const { environment, keys, first, second, auth } = await world();
    await keys.find(first.kid);
    await environment.advance(10_000);
    auth.answer = () => Promise.resolve(jwksAnswer({ keys: [...second.jwks.keys, ...first.jwks.keys] }));
    expect(await keys.find(second.kid)).toBeDefined();
    expect(auth.looks).toBe(2);
  });

  it('are not looked at again for every forged name', async () => {
    const { environment, keys, first, auth } = await world();
    await keys.find(first.kid);
    for (let forged = 0; forged < 100; forged += 1) {
      expect(await keys.find(`forged ${forged}`)).toBeUndefined();
    }
    expect(auth.looks).toBe(1);
    await environment.advance(10_000);
    await Promise.all([keys.find('x'), keys.find('y')]);
    expect(auth.looks).toBe(2);
  });

  it('mean 503 and not 401 while they are not known', async () => {
    const { keys, first, auth } = await world();
    auth.answer = away;
    await expect(keys.find(first.kid)).rejects.toEqual(coded('dependency.unavailable'));
    expect(keys.state().status).toBe('unavailable');
  });

  it('are given up on after 2 s, and asked for again after one more', async () => {
    const { environment, keys, first, auth } = await world();
    auth.answer = () => new Promise(() => undefined);
    const found = keys.find(first.kid).catch((error: unknown) => error);
    await environment.advance(2_000);
    expect(await found).toEqual(coded('dependency.unavailable'));
    auth.answer = () => Promise.resolve(jwksAnswer(first.jwks));
    await environment.advance(1_000);
    expect(await keys.find(first.kid)).toBeDefined();
  });

  it.each([
    ['an error', () => new Response('no', { status: 500 })],
    ['no JSON', () => new Response('<html>')],
    ['no key of our kind', () => jwksAnswer({ keys: [{ kty: 'RSA', n: 'x', e: 'AQAB', kid: 'k' }] })],
    ['a symmetric key', () => jwksAnswer({ keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'k' }] })],
    ['too much', () => new Response(`{"keys":[${' '.repeat(70_000)}]}`)],
  ])('are not taken from %s', async (_name, answer) => {
    const { keys, auth } = await world();
    auth.answer = () => Promise.resolve(answer());
    await expect(keys.find('k')).rejects.toEqual(coded('dependency.unavailable'));
  });
});
