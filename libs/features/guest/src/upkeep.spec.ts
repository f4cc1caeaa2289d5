import { createCommitter, readMeta } from '@state-server/commit';
import { asOpId, asUserId, type UserId } from '@state-server/domain';
import { newSecret, openSession, putGuest } from '@state-server/identity';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { moderate } from './moderation';
import { endDueGuests, endRevokedLinks, liftDue } from './upkeep';

const MINUTE_MS = 60_000;

async function setUp() {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const committer = createCommitter({ store, environment, writerId: 'spec', publish: () => undefined });
  const announced: string[] = [];
  const deps = {
    ...{ store, committer, environment },
    announce: ({ value }: { value: string }) => void announced.push(value),
  };
  const op = () => asOpId(environment.ids.uuid());
  const time = (ms: number) => new Date(environment.clock.now() + ms).toISOString();
  const owner = asUserId(environment.ids.uuid());
  const { meta } = await committer.createBrane(
    { kind: 'user', user_id: owner },
    { op_id: op(), name: 'town', visibility: 'private' },
  );
  const guest = async (link_id: string, staysMs: number): Promise<UserId> => {
    const id = asUserId(environment.ids.uuid());
    const brane_id = meta.id;
    const at = time(0);
    const ends = { brane_id, link_id, expires_at: time(staysMs) };
    await committer.administer({
      ...{ brane_id, actor: { kind: 'user', user_id: owner } as const, op_id: op() },
      ops: [{ op: 'set_member', user_id: id, role: 'editor' }],
      also: async (tx) => {
        const record = { id, name: 'Gus', roles: ['user'] as const, version: 1 };
        const user = { ...record, created_at: at, updated_at: at, guest: ends };
        putGuest(tx, user, { user_id: id, created_at: at, ...ends });
        const session = { session_id: environment.ids.uuid(), refresh_token: newSecret(), provider: 'guest' };
        openSession(tx, { user, now: environment.clock.now(), ...session });
      },
    });
    return id;
  };
  const members = async () => Object.keys((await readMeta(store, meta.id))?.members ?? {});
  const userOf = (id: UserId) => store.read({ label: 'spec' }, (tx) => tx.get('users', [id]));
  return { environment, store, deps, owner, brane: meta.id, guest, members, userOf, announced, time, op };
}

describe('the upkeep of guests', () => {
  it('clears up after those whose stay is over, and only after them (GUEST-8)', async () => {
    const { deps, owner, guest, members, userOf, environment, announced } = await setUp();
    const [gone, there] = [await guest('a', MINUTE_MS), await guest('a', 10 * MINUTE_MS)];
    environment.jump(2 * MINUTE_MS);
    expect(await endDueGuests(deps)).toEqual({ done: 1, finished: true });
    expect(await members()).toEqual([owner, there].sort());
    expect(await userOf(gone)).toMatchObject({ name: '', deleted_at: expect.any(String) as string });
    expect(await userOf(gone)).not.toHaveProperty('guest');
    expect((await userOf(there))?.name).toBe('Gus');
    expect(announced).toContain(gone);
    expect(await endDueGuests(deps)).toEqual({ done: 0, finished: true });
  });

  it('does what a revocation did not come to do, and leaves accounts alone (GUEST-8, GUEST-10)', async () => {
    const { deps, store, owner, brane, guest, members, userOf, time } = await setUp();
    const [gone, account, other] = [
      await guest('a', MINUTE_MS),
      await guest('a', MINUTE_MS),
      await guest('b', MINUTE_MS),
    ];
    await store.transact({ label: 'spec' }, async (tx) => {
      const user = await tx.get('users', [account]);
      if (!user) return;
      const { guest: _, ...rest } = user;
      tx.put('users', rest);
      const link = { id: 'a', hash: 'x', brane_id: brane, role: 'editor', uses: 2 } as const;
      tx.put('links', { ...link, created_by: owner, created_at: time(0), revoked_at: time(0) });
    });
    expect(await endRevokedLinks(deps)).toEqual({ done: 1, finished: true });
    expect(await members()).toEqual([owner, account, other].sort());
    expect([(await userOf(gone))?.deleted_at, (await userOf(account))?.deleted_at]).toEqual([
      expect.any(String),
      undefined,
    ]);
    expect(await store.read({ label: 'spec' }, (tx) => tx.get('links', ['a']))).toBeUndefined();
  });

  it('lifts bans and mutes when their time has come, and no other (MOD-6)', async () => {
    const { deps, owner, brane, guest, store, environment, time, op } = await setUp();
    const [short, long, ever] = [await guest('a', 1e9), await guest('a', 1e9), await guest('a', 1e9)];
    const ban = (target: UserId, until?: string) =>
      moderate(deps, {
        ...{ user_id: owner, brane_id: brane, op_id: op(), target, reason: 'spec', action: 'ban' },
        ...(until === undefined ? {} : { until }),
      });
    await ban(short, time(MINUTE_MS));
    await ban(long, time(10 * MINUTE_MS));
    await ban(ever);
    expect(await liftDue(deps)).toEqual({ done: 0, finished: true });
    environment.jump(2 * MINUTE_MS);
    expect(await liftDue(deps)).toEqual({ done: 1, finished: true });
    expect(Object.keys((await readMeta(store, brane))?.bans ?? {}).sort()).toEqual([long, ever].sort());
    const left = await store.read({ label: 'spec' }, (tx) =>
      tx.range('moderations', { prefix: [], limit: 9 }),
    );
    expect(left.map(({ user_id }) => user_id).sort()).toEqual([long, ever].sort());
  });
});
