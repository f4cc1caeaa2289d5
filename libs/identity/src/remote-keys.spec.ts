import { silentLogger } from '@state-server/platform';
import { createFakeEnvironment, until } from '@state-server/testing';
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

  it('serve while they are looked at again, and while auth is away, for a day (KEY-6)', async () => {
    const { environment, keys, first, auth } = await world();
    await keys.find(first.kid);
    auth.answer = away;
    await environment.advance(MINUTE);
    await until(() => keys.state().status === 'degraded');
    expect([auth.looks, await keys.find(first.kid)]).toEqual([2, expect.anything()]);
    await environment.advance(23 * 60 * MINUTE);
    expect(await keys.find(first.kid)).toBeDefined();
    await environment.advance(60 * MINUTE);
    await expect(keys.find(first.kid)).rejects.toEqual(coded('dependency.unavailable'));
    expect(keys.state().status).toBe('unavailable');
    auth.answer = () => Promise.resolve(jwksAnswer(first.jwks));
    await environment.advance(1_000);
    expect([await keys.find(first.kid), keys.state().status]).toEqual([expect.anything(), 'ok']);
  });

  it('are looked at in the background: the next is known before it signs, a retired one disappears (KEY-6)', async () => {
    const { environment, keys, first, second, auth } = await world();
    await keys.find(first.kid);
    auth.answer = () => Promise.resolve(jwksAnswer({ keys: [...first.jwks.keys, ...second.jwks.keys] }));
    await environment.advance(MINUTE);
    await until(() => auth.looks === 2);
    auth.answer = away;
    expect(await until(() => keys.find(second.kid))).toBeDefined();
    auth.answer = () => Promise.resolve(jwksAnswer(second.jwks));
    await environment.advance(MINUTE);
    await until(async () => (await keys.find(first.kid)) === undefined);
    expect(await keys.find(second.kid)).toBeDefined();
  });

  it('that are known are never waited for, though a look hangs (KEY-6)', async () => {
    const { environment, keys, first, auth } = await world();
    await keys.find(first.kid);
    auth.answer = () => new Promise(() => undefined);
    await environment.advance(MINUTE);
    await until(() => auth.looks === 2);
    expect(await keys.find(first.kid)).toBeDefined();
    keys.close();
  });

  it('are looked for again at once after a look in the background: that one was for nobody (KEY-6)', async () => {
    const { environment, keys, first, second, auth } = await world();
    await keys.find(first.kid);
    await environment.advance(MINUTE);
    await until(() => auth.looks === 2);
    auth.answer = () => Promise.resolve(jwksAnswer(second.jwks));
    expect(await keys.find(second.kid)).toBeDefined();
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
