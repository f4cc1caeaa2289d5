import { asSessionId, asUserId } from '@state-server/domain';
import { createFakeEnvironment } from '@state-server/testing';
import { createTokenIssuer } from './access-token';
import { coded } from './identity.spec-support';
import { type KeySet, rotateKeySet } from './key-set';
import { LiveSigningKeys, PUBLISHED_FIRST_MS } from './live-signing-keys';
import { NO_REVOCATIONS } from './test-tokens';
import { createTokenVerifier } from './token-verifier';

const MINUTE = 60_000;
const TIMES = { leadMs: 5 * MINUTE, drainMs: 30 * MINUTE };
const NAMES = { issuer: 'https://auth.test', audience: 'state-server' };

async function world() {
  const environment = createFakeEnvironment();
  const rotated = (set: KeySet, compromised = false): KeySet => {
    const outcome = rotateKeySet(set, { now: environment.clock.now(), ...TIMES, compromised });
    return outcome.kind === 'begun' ? outcome.set : set;
  };
  const first = rotated({ keys: [] });
  const keys = await LiveSigningKeys.open(first, environment.clock);
  const issuer = createTokenIssuer({ keys, ...NAMES, environment });
  const verifier = createTokenVerifier({
    keys,
    revocations: NO_REVOCATIONS,
    ...NAMES,
    environment,
    cacheSize: 1,
  });
  const issue = async (): Promise<string> => {
    const subject = {
      user_id: asUserId(environment.ids.uuid()),
      session_id: asSessionId(environment.ids.uuid()),
    };
    return (await issuer.issue({ ...subject, name: 'Ada' })).access_token;
  };
  return { environment, rotated, first, keys, issue, verifier };
}
const published = ({ jwks }: LiveSigningKeys): number => jwks.keys.length;

describe('the keys of a running auth service (KEY-3)', () => {
  it('change without a token that is refused: every token lives as long as it said', async () => {
    const { environment, rotated, first, keys, issue, verifier } = await world();
    const living: { token: string; until: number }[] = [];
    const kids = new Set<string>();
    await keys.take(rotated(first));
    for (let minute = 0; minute < 60; minute += 1) {
      living.push({ token: await issue(), until: environment.clock.now() + 15 * MINUTE });
      kids.add(keys.kid);
      for (const { token, until } of living) {
        if (environment.clock.now() < until) expect(await verifier.verify(token)).toBeDefined();
      }
      await environment.advance(MINUTE);
    }
    expect([kids.size, published(keys)]).toEqual([2, 1]);
  });

  it('publish a key before it signs, though the set comes late', async () => {
    const { environment, rotated, first, keys } = await world();
    const set = rotated(first);
    await environment.advance(6 * MINUTE);
    await keys.take(set);
    expect([published(keys), keys.kid]).toEqual([2, first.keys[0]?.kid]);
    await environment.advance(PUBLISHED_FIRST_MS);
    expect([published(keys), keys.kid]).toEqual([2, set.keys[0]?.kid]);
    expect(keys.jwks.keys[0]?.kid).toBe(keys.kid);
  });

  it('are those of the set at once in a process that begins with it', async () => {
    const { environment, rotated, first } = await world();
    const set = rotated(first);
    await environment.advance(6 * MINUTE);
    expect((await LiveSigningKeys.open(set, environment.clock)).kid).toBe(set.keys[0]?.kid);
  });

  it('that have leaked verify nothing any more, and the new one signs at once', async () => {
    const { rotated, first, keys, issue, verifier } = await world();
    const before = await issue();
    await keys.take(rotated(first, true));
    await expect(verifier.verify(before)).rejects.toEqual(coded('auth.invalid_token'));
    expect(await verifier.verify(await issue())).toBeDefined();
  });
});
