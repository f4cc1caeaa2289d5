import { createCommitter, readMeta } from '@state-server/commit';
import { asObjectId, asOpId, asUserId, type BraneId } from '@state-server/domain';
import { linkIdOf, newSecret, secretHash } from '@state-server/identity';
import type { GuestTokensResponse } from '@state-server/protocol';
import { coded, createWorld, type World } from '../auth.spec-support';
import { signInDev } from '../dev/sign-in-dev';
import { refreshSession } from '../refresh-session';
import { enterAsGuest } from './enter-as-guest';

const HOUR_MS = 3_600_000;

async function setUp(fields: { readonly expires_at?: string } = {}) {
  const world = await createWorld();
  const { environment, deps } = world;
  const { store } = deps;
  const committer = createCommitter({ store, environment, writerId: 'spec', publish: () => undefined });
  const owner = asUserId(environment.ids.uuid());
  const { meta } = await committer.createBrane(
    { kind: 'user', user_id: owner },
    { op_id: asOpId(environment.ids.uuid()), name: 'town', visibility: 'private' },
  );
  const token = newSecret();
  await store.transact({ label: 'spec' }, async (tx) => {
    tx.put('links', {
      ...{ id: linkIdOf(token), hash: secretHash(token), brane_id: meta.id, role: 'editor', uses: 0 },
      ...{ created_by: owner, created_at: new Date(environment.clock.now()).toISOString(), ...fields },
    });
  });
  const enter = (): Promise<GuestTokensResponse> =>
    enterAsGuest(
      { ...deps, committer, guestMs: HOUR_MS },
      { link: token, name: 'Gus', address: '192.0.2.1' },
    );
  return { ...world, committer, brane: meta.id, enter };
}

const callerOf = async ({ elsewhere }: World, tokens: GuestTokensResponse) =>
  elsewhere.verifier.verify(tokens.access_token);

describe('a guest’s session', () => {
  it('is refreshed like any other, as a guest, and is over when his stay is (GUEST-3)', async () => {
    const world = await setUp();
    const { environment, deps, brane } = world;
    const first = await world.enter();
    expect(await callerOf(world, first)).toMatchObject({ kind: 'guest', guest: { brane_id: brane } });
    await environment.advance(HOUR_MS - 60_000);
    const next = await refreshSession(deps, { refresh_token: first.refresh_token });
    expect(next.expires_in).toBeLessThanOrEqual(60);
    expect(await world.elsewhere.verifier.verify(next.access_token)).toMatchObject({ kind: 'guest' });
    await environment.advance(60_000);
    await expect(world.elsewhere.verifier.verify(next.access_token)).rejects.toEqual(coded('auth.expired'));
    const late = refreshSession(deps, { refresh_token: next.refresh_token });
    await expect(late).rejects.toEqual(coded('auth.refresh_invalid'));
  });

  it('becomes an account with the sign-in that it comes with: id, membership and works stay (GUEST-10)', async () => {
    const world = await setUp();
    const { deps, committer, brane, environment } = world;
    const tokens = await world.enter();
    const guest = await callerOf(world, tokens);
    const op_id = asOpId(environment.ids.uuid());
    const actor = { kind: 'user', user_id: guest.user_id } as const;
    const ops = [{ op: 'update', id: asObjectId(brane), set: { '/name': 'his' } }] as const;
    await committer.edit({ brane_id: brane, actor, op_id, ops });
    const account = await signInDev(deps, { name: 'Augustus', email: 'gus@example.test', guest });
    expect(account.user).toMatchObject({ id: guest.user_id, name: 'Augustus', email: 'gus@example.test' });
    expect(account.user).not.toHaveProperty('guest');
    const identity = await world.elsewhere.verifier.verify(account.access_token);
    expect([identity.kind, identity.guest]).toEqual(['user', undefined]);
    expect((await readMeta(deps.store, brane))?.members[guest.user_id]).toBe('editor');
    const undo = { brane_id: brane, actor, op_id: asOpId(environment.ids.uuid()), target_op_id: op_id };
    expect((await committer.undo(undo)).replayed).toBe(false);
    const old = refreshSession(deps, { refresh_token: tokens.refresh_token });
    await expect(old).rejects.toEqual(coded('auth.refresh_invalid'));
    await environment.advance(2 * HOUR_MS);
    const later = await refreshSession(deps, { refresh_token: account.refresh_token });
    expect(later.user.id).toBe(guest.user_id);
    const back = await signInDev(deps, { name: 'Augustus', email: 'gus@example.test' });
    expect(back.user.id).toBe(guest.user_id);
    expect(await audited(world, brane)).toEqual(['guest.converted', 'guest.joined']);
  });

  it('stays a guest’s where whoever signs in has an account already (GUEST-10)', async () => {
    const world = await setUp();
    const { deps } = world;
    const known = await signInDev(deps, { name: 'Ada' });
    const guest = await callerOf(world, await world.enter());
    const again = await signInDev(deps, { name: 'Ada', guest });
    expect(again.user.id).toBe(known.user.id);
    const user = await deps.store.read({ label: 'spec' }, (tx) => tx.get('users', [guest.user_id]));
    expect(user?.guest).toBeDefined();
  });
});

function audited({ deps }: World, brane: BraneId): Promise<string[]> {
  return deps.store.read({ label: 'spec' }, async (tx) => {
    const entries = await tx.range('audit', { index: 'by_brane', prefix: [brane], limit: 10 });
    return entries.map(({ action }) => action).sort();
  });
}
