import { asBraneId, asUserId, type Timers, type UserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { createRoster, type Roster } from './roster';

function setUp(most = 100) {
  const environment = createFakeEnvironment();
  // The store pauses after a conflict; nobody moves the fake clock meanwhile.
  const timers: Timers = {
    set: (ms, task) => setTimeout(task, Math.min(ms, 5)),
    clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
  };
  const store = createMemoryStore({ environment: { ...environment, timers } });
  const brane = asBraneId(environment.ids.uuid());
  const user = (): UserId => asUserId(environment.ids.uuid());
  const open = (gateway: string): Roster => createRoster({ store: store, environment, gateway, most });
  const stored = () =>
    store.read({ label: 'spec' }, async (tx) => {
      const rosters = await tx.range('rosters', { prefix: [brane], limit: 50 });
      return rosters.flatMap(({ people }) => people.map(({ user_id }) => user_id)).sort();
    });
  return { environment, brane, user, open, stored };
}

describe('who is in a brane', () => {
  it('is counted over all gateways, exactly where the brane has a limit (GUEST-9)', async () => {
    const { brane, user, open } = setUp();
    const [one, other] = [open('a'), open('b')];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        (n % 2 === 0 ? one : other).enter(brane, { user_id: user(), isKeeper: false, most: 7 }),
      ),
    );
    expect(answers.filter((isIn) => isIn)).toHaveLength(7);
    const keeper = await one.enter(brane, { user_id: user(), isKeeper: true, most: 7 });
    expect(keeper).toBe(true);
  });

  it('counts a person once, whatever he comes with, and frees his place with the last of it (GUEST-9)', async () => {
    const { environment, brane, user, open } = setUp();
    const [one, other] = [open('a'), open('b')];
    const [ada, bob] = [user(), user()];
    const enters = (roster: Roster, user_id: UserId): Promise<boolean> =>
      roster.enter(brane, { user_id, isKeeper: false, most: 1 });
    expect([await enters(one, ada), await enters(one, ada), await enters(other, ada)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(await enters(other, bob)).toBe(false);
    one.leave(brane, ada);
    one.leave(brane, ada);
    await environment.advance(1_000);
    expect(await enters(other, bob)).toBe(false);
    other.leave(brane, ada);
    await environment.advance(1_000);
    expect(await enters(one, bob)).toBe(true);
  });

  it('is forgotten with a gateway that died, and kept while it speaks (GUEST-9, GUEST-11)', async () => {
    const { environment, brane, user, open, stored } = setUp();
    const [dead, alive] = [open('dead'), open('alive')];
    const [ada, bob] = [user(), user()];
    await dead.enter(brane, { user_id: ada, isKeeper: false, most: 1 });
    expect(await alive.enter(brane, { user_id: bob, isKeeper: false, most: 1 })).toBe(false);
    await environment.advance(25_000);
    expect(await alive.enter(brane, { user_id: bob, isKeeper: false, most: 1 })).toBe(false);
    await dead.close();
    expect(await stored()).toEqual([]);
    expect(await alive.enter(brane, { user_id: bob, isKeeper: false, most: 1 })).toBe(true);
    environment.jump(40_000);
    expect(await open('third').enter(brane, { user_id: ada, isKeeper: false, most: 1 })).toBe(true);
  });

  it('is held by the server’s own maximum, of what was read last (GUEST-9)', async () => {
    const { environment, brane, user, open, stored } = setUp(2);
    const [one, other] = [open('a'), open('b')];
    const enters = (roster: Roster): Promise<boolean> =>
      roster.enter(brane, { user_id: user(), isKeeper: false });
    expect([await enters(one), await enters(one), await enters(one)]).toEqual([true, true, false]);
    await environment.advance(1_000);
    expect(await stored()).toHaveLength(2);
    expect(await enters(other)).toBe(true);
    await environment.advance(1_000);
    expect(await enters(other)).toBe(false);
  });
});
