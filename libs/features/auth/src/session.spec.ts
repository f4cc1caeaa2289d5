import { asSessionId, asUserId, type UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import type { TokensResponse } from '@state-server/protocol';
import { coded, createWorld, type World } from './auth.spec-support';
import { signInDev } from './dev/sign-in-dev';
import { getSession } from './get-session';
import { logOut } from './log-out';
import { refreshSession } from './refresh-session';

async function signedIn(): Promise<{ readonly world: World; readonly tokens: TokensResponse }> {
  const world = await createWorld();
  return { world, tokens: await signInDev(world.deps, { name: 'Ada' }) };
}

describe('a refresh (ID3–ID5)', () => {
  it('answers with new tokens of the same session', async () => {
    const { world, tokens } = await signedIn();
    await world.environment.advance(60_000);
    const next = await refreshSession(world.deps, tokens);
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect(next.user).toEqual(tokens.user);
    const { verifier } = world.elsewhere;
    const [before, after] = await Promise.all([
      verifier.verify(tokens.access_token),
      verifier.verify(next.access_token),
    ]);
    expect(after.session_id).toBe(before.session_id);
    expect(after.expires_at).toBe(before.expires_at + 60_000);
  });

  it('of 20 at the same time one gets tokens, 19 hear that they are superseded, nobody is signed out', async () => {
    const { world, tokens } = await signedIn();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => refreshSession(world.deps, tokens)),
    );
    const [won, ...more] = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value] : [],
    );
    const lost = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect([more.length, lost.length]).toEqual([0, 19]);
    for (const error of lost) expect(error).toEqual(coded('auth.refresh_superseded'));
    if (!won) throw new Error('nobody got tokens');
    await world.environment.advance(60_000);
    await world.elsewhere.verifier.verify(won.access_token);
    await refreshSession(world.deps, won);
  });

  it('with a token that was used long ago ends the session everywhere, at once', async () => {
    const { world, tokens } = await signedIn();
    const next = await refreshSession(world.deps, tokens);
    await world.environment.advance(60_000);
    await expect(refreshSession(world.deps, tokens)).rejects.toEqual(coded('auth.refresh_reused'));
    await world.environment.settle();
    await expect(world.elsewhere.verifier.verify(next.access_token)).rejects.toEqual(coded('auth.revoked'));
    await expect(refreshSession(world.deps, next)).rejects.toEqual(coded('auth.refresh_invalid'));
  });

  it('with what is no token is refused', async () => {
    const { world } = await signedIn();
    await expect(refreshSession(world.deps, { refresh_token: 'x' })).rejects.toEqual(
      coded('auth.refresh_invalid'),
    );
  });
});

describe('logging out (ID6)', () => {
  it('ends the tokens of this session everywhere at once, and of no other', async () => {
    const { world, tokens } = await signedIn();
    const other = await signInDev(world.deps, { name: 'Ada' });
    const { verifier } = world.elsewhere;
    await logOut(world.deps, await verifier.verify(tokens.access_token));
    await world.environment.settle();
    await expect(verifier.verify(tokens.access_token)).rejects.toEqual(coded('auth.revoked'));
    await expect(refreshSession(world.deps, tokens)).rejects.toEqual(coded('auth.refresh_invalid'));
    await verifier.verify(other.access_token);
  });

  it('does so within 2 s while the bus is away (F2)', async () => {
    const { world, tokens } = await signedIn();
    const { verifier } = world.elsewhere;
    const identity = await verifier.verify(tokens.access_token);
    world.cutBus();
    await logOut(world.deps, identity);
    await world.environment.advance(2_000);
    await expect(verifier.verify(tokens.access_token)).rejects.toEqual(coded('auth.revoked'));
  });

  it('may be done twice', async () => {
    const { world, tokens } = await signedIn();
    const identity = await world.elsewhere.verifier.verify(tokens.access_token);
    await logOut(world.deps, identity);
    await logOut(world.deps, identity);
  });
});

describe('the session of a token', () => {
  it('is gone when it has ended', async () => {
    const { world, tokens } = await signedIn();
    const identity = await world.elsewhere.verifier.verify(tokens.access_token);
    await logOut(world.deps, identity);
    await expect(getSession(world.deps.store, identity)).rejects.toEqual(coded('auth.revoked'));
  });

  it('is nobody’s who does not exist', async () => {
    const { world } = await signedIn();
    const nobody = {
      user_id: asUserId(world.environment.ids.uuid()),
      session_id: asSessionId(world.environment.ids.uuid()),
    };
    await expect(getSession(world.deps.store, nobody)).rejects.toEqual(coded('auth.revoked'));
  });
});

describe('a user who is suspended (USER-5)', () => {
  async function suspend(world: World, id: UserId, until?: string): Promise<void> {
    const { environment, store } = world.deps;
    await store.transact({ label: 'spec' }, async (tx) => {
      const user = await tx.get('users', [id]);
      if (!user) throw new Error('no user');
      const at = new Date(environment.clock.now()).toISOString();
      tx.put('users', {
        ...user,
        suspension: { reason: 'x', at, by: id, ...(until === undefined ? {} : { until }) },
      });
    });
  }

  it('neither signs in nor refreshes, and is told so', async () => {
    const { world, tokens } = await signedIn();
    await suspend(world, tokens.user.id);
    await expect(signInDev(world.deps, { name: 'Ada' })).rejects.toEqual(coded('user.suspended'));
    await expect(refreshSession(world.deps, tokens)).rejects.toEqual(coded('user.suspended'));
  });

  it('does both again when its time is over, with the token that he had', async () => {
    const { world, tokens } = await signedIn();
    const { environment } = world;
    await suspend(world, tokens.user.id, new Date(environment.clock.now() + 60_000).toISOString());
    await environment.advance(59_999);
    await expect(signInDev(world.deps, { name: 'Ada' })).rejects.toMatchObject({
      code: 'user.suspended',
      details: { until: '2026-01-01T00:01:00.000Z' },
    });
    await environment.advance(1);
    expect((await refreshSession(world.deps, tokens)).user.id).toBe(tokens.user.id);
    expect((await signInDev(world.deps, { name: 'Ada' })).user.id).toBe(tokens.user.id);
  });

  it('does not slip in beside the suspension (P1)', async () => {
    const { world, tokens } = await signedIn();
    const { store } = world.deps;
    let meddled = false;
    const meddling: Store = {
      ...{
        kind: store.kind,
        read: store.read.bind(store),
        check: () => store.check(),
        close: () => store.close(),
      },
      transact: (options, callback) =>
        store.transact(options, async (tx) => {
          const result = await callback(tx);
          if (!meddled) await suspend(world, tokens.user.id);
          meddled = true;
          return result;
        }),
    };
    const deps = { ...world.deps, store: meddling };
    await expect(refreshSession(deps, tokens)).rejects.toEqual(coded('user.suspended'));
    meddled = false;
    await expect(signInDev(deps, { name: 'Ada' })).rejects.toEqual(coded('user.suspended'));
  });
});

describe('a user who was deleted (USER-7)', () => {
  it('is somebody else when he comes back', async () => {
    const { world, tokens } = await signedIn();
    const { store } = world.deps;
    const at = '2026-01-01T00:00:00.000Z';
    await store.transact({ label: 'spec' }, async (tx) => {
      const user = await tx.get('users', [tokens.user.id]);
      if (user) tx.put('users', { ...user, name: '', roles: [], deleted_at: at });
    });
    await expect(refreshSession(world.deps, tokens)).rejects.toEqual(coded('auth.refresh_invalid'));
    const again = await signInDev(world.deps, { name: 'Ada' });
    expect(again.user.id).not.toBe(tokens.user.id);
    expect((await signInDev(world.deps, { name: 'Ada' })).user.id).toBe(again.user.id);
  });
});

describe('an administrator (USER-3)', () => {
  it('is whoever signs in with an address that the installation names', async () => {
    const world = await createWorld();
    const before = await signInDev(world.deps, { name: 'Ada', email: 'Ada@x.test' });
    expect(before.user.roles).toEqual(['user']);
    const deps = { ...world.deps, admins: new Set(['ada@x.test', 'eve@x.test']) };
    const after = await signInDev(deps, { name: 'Ada', email: 'Ada@x.test' });
    expect(after.user).toMatchObject({ id: before.user.id, roles: ['user', 'admin'], version: 2 });
    expect((await signInDev(deps, { name: 'Ada', email: 'ada@x.test' })).user.version).toBe(2);
    expect((await signInDev(deps, { name: 'Eve', email: 'EVE@x.test' })).user.roles).toEqual([
      'user',
      'admin',
    ]);
    // A name is not an address.
    expect((await signInDev(deps, { name: 'ada@x.test' })).user.roles).toEqual(['user']);
  });
});
