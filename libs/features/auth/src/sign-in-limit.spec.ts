import { asSessionId, asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { Limiter, realEnvironment } from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { accountKey, isAtHome } from './is-at-home';
import { countingFailures, createSignInLimit, type SignInLimit, type SignInQuotas } from './sign-in-limit';

const QUOTAS: SignInQuotas = {
  ofAddress: { points: 1_000, seconds: 60 },
  ofAccount: { points: 3, seconds: 3_600 },
  failures: { points: 20, seconds: 1_200 },
};

describe('the limit of sign-ins', () => {
  let environment: FakeEnvironment;
  const limit = (quotas: Partial<SignInQuotas> = {}): SignInLimit =>
    createSignInLimit(new Limiter(environment), { ...QUOTAS, ...quotas });
  beforeEach(() => {
    environment = createFakeEnvironment();
  });
  const refusal = async (attempt: () => unknown): Promise<number | undefined> => {
    try {
      await attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: 'rate.limited' });
      return (error as { readonly retryAfterMs: number }).retryAfterMs;
    }
    return undefined;
  };

  it('is one of each address, and says when to come again (LIMIT-6)', async () => {
    const of = limit({ ofAddress: { points: 2, seconds: 60 } });
    await of.take('10.0.0.1');
    await of.take('10.0.0.1');
    expect(await refusal(() => of.take('10.0.0.1'))).toBe(30_000);
    await of.take('10.0.0.2');
  });

  it('grows dearer with each failure, and ends by itself (LIMIT-6)', async () => {
    const of = limit();
    const code = async (): Promise<never> => Promise.reject(fail('oauth.code_invalid'));
    let failures = 0;
    for (; (await refusal(() => of.take('10.0.0.1'))) === undefined; failures += 1) {
      await expect(countingFailures(of, '10.0.0.1', code)).rejects.toMatchObject({
        code: 'oauth.code_invalid',
      });
    }
    expect(failures).toBeGreaterThan(4);
    expect(failures).toBeLessThan(QUOTAS.failures.points / 2);
    expect(await refusal(() => of.take('10.0.0.1'))).toBeGreaterThan(0);
    expect(await refusal(() => of.take('10.0.0.2'))).toBeUndefined();
    await environment.advance(60_000);
    expect(await refusal(() => of.take('10.0.0.1'))).toBeUndefined();
    await environment.advance(QUOTAS.failures.seconds * 1_000);
    expect(await refusal(() => of.take('10.0.0.1'))).toBeUndefined();
  });

  it('counts as a failure what was worth nothing, and nothing else (LIMIT-6)', async () => {
    const of = limit({ failures: { points: 1, seconds: 60 } });
    const away = async (): Promise<never> => Promise.reject(fail('dependency.unavailable'));
    await expect(countingFailures(of, '10.0.0.1', away)).rejects.toThrow();
    expect(await countingFailures(of, '10.0.0.1', async () => 'fine')).toBe('fine');
    expect(await refusal(() => of.take('10.0.0.1'))).toBeUndefined();
  });

  it('of an account is not used up by strangers for who has a session there (LIMIT-7)', async () => {
    const of = limit();
    for (let attempt = 0; attempt < 3; attempt += 1) of.takeFor('ada', undefined);
    expect(await refusal(() => of.takeFor('ada', undefined))).toBeGreaterThan(0);
    expect(await refusal(() => of.takeFor('ada', '192.0.2.1'))).toBeUndefined();
    expect(await refusal(() => of.takeFor('bob', undefined))).toBeUndefined();
  });
});

describe('where an account is at home (LIMIT-7)', () => {
  it('is where one of its sessions was last used, for every process alike', async () => {
    const store = createMemoryStore({ environment: realEnvironment });
    const user_id = asUserId(crypto.randomUUID());
    const at = '2026-01-01T00:00:00.000Z';
    await store.transact({ label: 'spec' }, async (tx) => {
      tx.put('identities', { provider: 'dev', subject: 'name:Ada', user_id });
      tx.put('sessions', {
        id: asSessionId(crypto.randomUUID()),
        user_id,
        address: '2001:db8::1',
        created_at: at,
        last_used_at: at,
        expires_at: at,
      });
    });
    const claim = { provider: 'dev', subject: 'name:Ada', address: '2001:db8::ffff' };
    expect(await isAtHome(store, claim)).toBe(true);
    expect(await isAtHome(store, { ...claim, address: '2001:db8:1::1' })).toBe(false);
    expect(await isAtHome(store, { ...claim, subject: 'name:Bob' })).toBe(false);
    expect(accountKey(claim)).toMatch(/^[0-9a-f]{64}$/);
    expect(accountKey(claim)).not.toBe(accountKey({ ...claim, subject: 'name:Bob' }));
  });
});
