import { createWorld, type World } from '../auth.spec-support';
import { getSession } from '../get-session';
import type * as Index from '../index';
import { signInDev } from './sign-in-dev';

const users = async ({ deps }: World) =>
  deps.store.read({ label: 'test' }, (tx) => tx.range('users', { prefix: [], limit: 100 }));

describe('a sign-in of development', () => {
  it('answers with tokens that other services accept', async () => {
    const world = await createWorld();
    const tokens = await signInDev(world.deps, { name: 'Ada', user_agent: 'x'.repeat(1_000) });
    expect(tokens).toMatchObject({
      token_type: 'Bearer',
      expires_in: 900,
      user: { name: 'Ada', roles: ['user'] },
    });
    const identity = await world.elsewhere.verifier.verify(tokens.access_token);
    expect(identity).toMatchObject({ user_id: tokens.user.id, name: 'Ada' });
    const { session, user } = await getSession(world.deps.store, identity);
    expect(session).toMatchObject({ id: identity.session_id, current: true, user_agent: 'x'.repeat(200) });
    expect(user).toEqual(tokens.user);
  });

  it('is the same user for the same name, in a session of its own', async () => {
    const world = await createWorld();
    const first = await signInDev(world.deps, { name: 'Ada' });
    const second = await signInDev(world.deps, { name: 'Ada' });
    expect(second.user).toEqual(first.user);
    const [a, b] = await Promise.all(
      [first, second].map(({ access_token }) => world.elsewhere.verifier.verify(access_token)),
    );
    expect(a?.session_id).not.toBe(b?.session_id);
    expect((await signInDev(world.deps, { name: 'ada' })).user.id).not.toBe(first.user.id);
  });

  it('goes by the email where there is one, and never mistakes it for a name', async () => {
    const world = await createWorld();
    const first = await signInDev(world.deps, { name: 'Ada', email: 'Ada@x.test' });
    const second = await signInDev(world.deps, { name: 'Lovelace', email: 'ada@x.test' });
    expect(second.user).toEqual(first.user);
    const named = await signInDev(world.deps, { name: 'ada@x.test' });
    expect(named.user.id).not.toBe(first.user.id);
  });

  it('makes one user when 20 come with a new name at the same time', async () => {
    const world = await createWorld();
    const tokens = await Promise.all(
      Array.from({ length: 20 }, () => signInDev(world.deps, { name: 'Ada' })),
    );
    expect(new Set(tokens.map(({ user }) => user.id)).size).toBe(1);
    expect(await users(world)).toHaveLength(1);
  });

  it('is loaded when somebody asks for it, and not before (ID9)', async () => {
    await jest.isolateModulesAsync(async () => {
      let loaded = false;
      const DevSignInHttp = jest.fn();
      jest.doMock('./dev-sign-in.http', () => {
        loaded = true;
        return { DevSignInHttp };
      });
      const { loadDevSignIn } = jest.requireActual<typeof Index>('../index');
      expect(loaded).toBe(false);
      expect(await loadDevSignIn()).toBe(DevSignInHttp);
      expect(loaded).toBe(true);
    });
  });
});
