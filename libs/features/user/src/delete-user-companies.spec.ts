import { asBraneId, asCompanyId, type CompanyId, type UserId } from '@state-server/domain';
import { createWorld, type World } from './delete-user.spec-support';

async function company(
  { store, environment }: World,
  ...people: readonly (readonly [UserId, 'owner' | 'admin' | 'member'])[]
): Promise<CompanyId> {
  const id = asCompanyId(environment.ids.uuid());
  const [[created_by] = [undefined]] = people;
  for (const [user_id, role] of people) {
    await environment.advance(1_000);
    const since = new Date(environment.clock.now()).toISOString();
    await store.transact({ label: 'spec' }, (tx) => {
      tx.put('company_members', { company_id: id, user_id, role, since });
      return Promise.resolve();
    });
  }
  if (!created_by) throw new Error('a company has an owner');
  const at = new Date(environment.clock.now()).toISOString();
  const owners = people.filter(([, role]) => role === 'owner').length;
  await store.transact({ label: 'spec' }, (tx) => {
    const fields = { id, name: 'Harbour', brane_role: 'editor', owners, members: people.length } as const;
    tx.put('companies', { ...fields, version: 1, created_at: at, updated_at: at, created_by });
    return Promise.resolve();
  });
  return id;
}

describe('the companies of a user who is gone', () => {
  it('have the administrator as owner who has been there longest, else the member, where he was the last (CO-10)', async () => {
    const world = createWorld();
    const [gone, admin, later, member] = [
      await world.user(),
      await world.user(),
      await world.user(),
      await world.user(),
    ];
    const run = await company(world, [gone, 'owner'], [member, 'member'], [admin, 'admin'], [later, 'admin']);
    const plain = await company(world, [gone, 'owner'], [member, 'member']);
    const shared = await company(world, [gone, 'owner'], [admin, 'owner']);
    const alone = await company(world, [gone, 'owner']);
    const operation = await world.remove(gone);
    expect(await world.work(operation)).toBe('ended');
    const { store } = world;
    const owners = async (id: CompanyId) => {
      const members = await store.read({ label: 'spec' }, (tx) =>
        tx.range('company_members', { prefix: [id], limit: 10 }),
      );
      expect(members.map(({ user_id }) => user_id)).not.toContain(gone);
      return members.filter(({ role }) => role === 'owner').map(({ user_id }) => user_id);
    };
    expect(await owners(run)).toEqual([admin]);
    expect(await owners(plain)).toEqual([member]);
    expect(await owners(shared)).toEqual([admin]);
    expect(await owners(alone)).toEqual([]);
    const docs = await store.read({ label: 'spec' }, (tx) =>
      tx.getMany('companies', [[run], [plain], [shared], [alone]]),
    );
    expect(docs.map((doc) => [doc?.owners, doc?.members, doc?.deleted_at !== undefined])).toEqual([
      [1, 3, false],
      [1, 1, false],
      [1, 1, false],
      [0, 0, true],
    ]);
    // Each tells its branes by work of its own.
    for (const id of [run, plain, shared, alone]) {
      const [work] = await store.read({ label: 'spec' }, (tx) =>
        tx.range('operations', { index: 'by_brane', prefix: [asBraneId(id)], limit: 10 }),
      );
      expect(work).toMatchObject({
        kind: 'company.reach',
        state: 'running',
        input: { company_id: id, gone },
      });
    }
  });
});
