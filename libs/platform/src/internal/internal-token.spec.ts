import { createHmac } from 'node:crypto';
import { createFakeEnvironment } from '@state-server/testing';
import { createInternalCheck, createInternalSigner } from './internal-token';

const NEW = 'new-secret-of-the-cluster-0123456789abcdef';
const OLD = 'old-secret-of-the-cluster-0123456789abcdef';

function world(signs: readonly string[] = [NEW], checks: readonly string[] = signs) {
  const environment = createFakeEnvironment();
  const held = { signs, checks };
  const sign = createInternalSigner({
    secrets: () => held.signs,
    from: 'api-gateway',
    clock: environment.clock,
  });
  const checkAs = (audience: string) =>
    createInternalCheck({ secrets: () => held.checks, audience, clock: environment.clock });
  return { environment, held, sign, check: checkAs('auth'), checkAs };
}

const b64 = (text: string): string => Buffer.from(text).toString('base64url');
const forged = (header: string, claims: object, secret: string): string => {
  const signed = `${b64(header)}.${b64(JSON.stringify(claims))}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};
const HEADER = '{"alg":"HS256","typ":"internal+jwt"}';

describe('the token between services (INT-1)', () => {
  it('is good for the one that it names, for a minute, and made anew before that', async () => {
    const { environment, sign, check, checkAs } = world();
    const token = sign('auth');
    expect([check(token), checkAs('sync-gateway')(token)]).toEqual([true, false]);
    expect(sign('auth')).toBe(token);
    await environment.advance(20_000);
    expect(sign('auth')).not.toBe(token);
    expect(check(token)).toBe(true);
    // A minute, and what clocks may differ by.
    await environment.advance(70_000);
    expect(check(token)).toBe(false);
  });

  it('is exchanged without a gap: each of several secrets is good, the first signs', () => {
    const { held, sign, check } = world([OLD]);
    const before = sign('auth');
    held.checks = [NEW, OLD];
    expect(check(before)).toBe(true);
    held.signs = [NEW, OLD];
    const after = sign('auth');
    expect([after === before, check(after), check(before)]).toEqual([false, true, true]);
    held.checks = [NEW];
    expect([check(after), check(before)]).toEqual([true, false]);
  });

  it('is none where there is no secret', () => {
    const { sign, check } = world([]);
    expect([sign('auth'), check(undefined), check('')]).toEqual([undefined, false, false]);
  });

  it('is not what somebody else has made', () => {
    const { environment, sign, check } = world();
    const iat = Math.floor(environment.clock.now() / 1_000);
    const claims = { iss: 'api-gateway', aud: 'auth', iat, exp: iat + 60 };
    expect(check(forged(HEADER, claims, NEW))).toBe(true);
    const [header, payload, signature] = String(sign('auth')).split('.');
    const bad = [
      forged(HEADER, claims, OLD),
      forged('{"alg":"none","typ":"internal+jwt"}', claims, NEW),
      forged('{"typ":"internal+jwt","alg":"HS256"}', claims, NEW),
      forged(HEADER, { ...claims, aud: 'sync-gateway' }, NEW),
      // Longer than a token of ours ever lives, and one from the future.
      forged(HEADER, { ...claims, exp: iat + 86_400 }, NEW),
      forged(HEADER, { ...claims, iat: iat + 600, exp: iat + 660 }, NEW),
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.x`,
      `${header}.${b64(JSON.stringify({ ...claims, exp: iat + 59 }))}.${signature}`,
      'x'.repeat(5_000),
    ];
    expect(bad.filter(check)).toEqual([]);
  });
});
