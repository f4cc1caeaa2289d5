import type { Store } from '@state-server/persistence-port';
import { coded, createWorld, type World } from '../auth.spec-support';
import { signInDev } from '../dev/sign-in-dev';
import { linkIdentity, unlinkIdentity } from './identities';
import type { OAuthDeps } from './oauth-deps';

function depsOf(world: World, store: Store = world.deps.store): OAuthDeps {
  return {
    ...world.deps,
    store,
    strategies: new Map(),
    publicUrl: 'http://127.0.0.1:4000',
    returnUrls: [],
    ways: new Set(['google', 'microsoft']),
    recentMs: 60_000,
  };
}

/** Signed in, with an identity of Google and one of Microsoft. */
async function twoWays(world: World) {
  const tokens = await signInDev(world.deps, { name: 'Ada' });
  const caller = await world.elsewhere.verifier.verify(tokens.access_token);
  await world.deps.store.transact({ label: 'spec' }, async (tx) => {
    for (const provider of ['google', 'microsoft']) {
      tx.put('identities', { provider, subject: 's', user_id: caller.user_id });
    }
  });
  return { caller, by: { actor: { kind: 'user' as const, id: caller.user_id } } };
}

/** Does something else between the reads of the first transaction and its commit. */
function meddling(store: Store, meddle: () => Promise<unknown>): Store {
  let meddled = false;
  return {
    kind: store.kind,
    read: (options, callback) => store.read(options, callback),
    check: () => store.check(),
    close: () => store.close(),
    transact: (options, callback) =>
      store.transact(options, async (tx) => {
        const result = await callback(tx);
        if (!meddled) {
          meddled = true;
          await meddle();
        }
        return result;
      }),
  };
}

describe('two ways to sign in that are taken away at the same time', () => {
  it('leave one, whichever comes between (OAUTH-14, P1)', async () => {
    const world = await createWorld();
    const { caller, by } = await twoWays(world);
    const other = () => unlinkIdentity(depsOf(world), caller, { provider: 'microsoft', by });
    const store = meddling(world.deps.store, other);
    await expect(unlinkIdentity(depsOf(world, store), caller, { provider: 'google', by })).rejects.toEqual(
      coded('identity.last'),
    );
    const left = await world.deps.store.read({ label: 'spec' }, (tx) =>
      tx.range('identities', { prefix: [], limit: 10 }),
    );
    expect(left.map(({ provider }) => provider).sort()).toEqual(['dev', 'google']);
  });

  it('leave nothing to be linked to a session that has ended', async () => {
    const world = await createWorld();
    const { caller, by } = await twoWays(world);
    await world.deps.store.transact({ label: 'spec' }, async (tx) =>
      tx.delete('sessions', [caller.session_id]),
    );
    await expect(unlinkIdentity(depsOf(world), caller, { provider: 'google', by })).rejects.toEqual(
      coded('auth.revoked'),
    );
    await expect(
      linkIdentity(depsOf(world), caller, { code: 'x', code_verifier: 'v'.repeat(43), by }),
    ).rejects.toEqual(coded('oauth.code_invalid'));
  });
});
