import { createFakeEnvironment } from '@state-server/testing';
import { asUserId } from '@state-server/domain';
import { createTokenIssuer } from './access-token';
import { ConnectionCallers } from './connection-callers';
import { coded } from './identity.spec-support';
import { staticKeys } from './key-source';
import { loadSigningKeys } from './signing-keys';
import { newPrivateKeyPem } from './test-tokens';
import { createTokenVerifier } from './token-verifier';

const NAMES = { issuer: 'https://auth.test', audience: 'state-server' };

async function world() {
  const environment = createFakeEnvironment();
  const keys = await loadSigningKeys(newPrivateKeyPem());
  const issuer = createTokenIssuer({ keys, ...NAMES, environment });
  const state = { revoked: false, staleMs: 0 };
  const revocations = {
    isRevoked: () => state.revoked,
    onRevoked: () => () => undefined,
    staleMs: () => state.staleMs,
  };
  const verifier = createTokenVerifier({
    keys: await staticKeys(keys.jwks),
    revocations,
    ...NAMES,
    environment,
  });
  const user_id = asUserId(environment.ids.uuid());
  const session_id = environment.ids.uuid() as never;
  const { access_token } = await issuer.issue({ user_id, session_id, name: 'Ada' });
  return { environment, state, header: `Bearer ${access_token}`, callers: new ConnectionCallers(verifier) };
}

describe('the caller of a connection (ID1)', () => {
  it('is known again by the same header on the same connection, and by nothing else', async () => {
    const { callers, header } = await world();
    const connection = {};
    expect(callers.recall(connection, header)).toBeUndefined();
    const identity = await callers.identify(connection, header);
    expect(callers.recall(connection, header)).toBe(identity);
    expect(callers.recall({}, header)).toBeUndefined();
    expect(callers.recall(connection, `${header}x`)).toBeUndefined();
    expect(callers.recall(connection, undefined)).toBeUndefined();
  });

  it('is refused as soon as he is revoked, expired, or nobody could say (F1, F2)', async () => {
    const { callers, header, state, environment } = await world();
    const connection = {};
    await callers.identify(connection, header);
    const recall = (): unknown => callers.recall(connection, header);
    state.revoked = true;
    expect(recall).toThrow(coded('auth.revoked'));
    state.revoked = false;
    state.staleMs = 6_000;
    expect(recall).toThrow(coded('dependency.unavailable'));
    state.staleMs = 0;
    await environment.advance(15 * 60_000);
    expect(recall).toThrow(coded('auth.expired'));
  });
});
