import { asPrototypeId, IDENTITY } from '@state-server/domain';
import { TestWorld } from './test-support/test-world.spec-support';

describe('an instance by WebSocket', () => {
  it('reaches everybody as the objects that it is made of; a bad one is refused (PROTO-6, R4)', async () => {
    const world = new TestWorld();
    const node = world.node();
    const brane = await world.brane(node);
    const [client, peer] = [
      await node.client(brane.owner),
      await node.client(brane.owner, { format: 'json' }),
    ];
    await world.join(client, brane.id);
    await world.join(peer, brane.id);
    const id = asPrototypeId(world.environment.ids.uuid());
    const at = new Date(world.environment.clock.now()).toISOString();
    const base = { order: 'a0', transform: IDENTITY, properties: {}, kind: 'group', gallery: {} } as const;
    await node.store.transact({ label: 'spec' }, async (tx) => {
      const flags = { is_public: false, is_deprecated: false, is_deleted: false };
      const times = { created_at: at, updated_at: at };
      tx.put('prototypes', {
        id,
        owner_id: brane.owner,
        kind: 'single',
        name: 'lamp',
        tags: [],
        ...flags,
        latest_version: 1,
        version: 1,
        ...times,
      });
      const size = { objects: 2, levels: 2, content_bytes: 20 };
      tx.put('prototype_versions', {
        prototype_id: id,
        version: 1,
        ...size,
        migrations: [],
        published_at: at,
        published_by: brane.owner,
      });
      const nodes = [
        { ...base, key: 'lamp', parent: null, name: 'lamp' },
        { ...base, key: 'bulb', parent: 'lamp', name: 'bulb' },
      ];
      tx.put('prototype_trees', { prototype_id: id, version: 1, tree: { nodes, members: [] } });
    });
    client.edit(brane.id, [{ op: 'instantiate', prototype_id: id, parent_id: brane.id }]);
    await world.settle();
    expect(client.all('brane.ack')).toHaveLength(1);
    for (const each of [client, peer]) {
      const names = [...(each.view(brane.id).scene?.objects() ?? [])].map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['lamp', 'bulb']));
    }
    client.edit(brane.id, [{ op: 'instantiate', prototype_id: id, parent_id: brane.id, version: 9 }]);
    await world.settle();
    expect(client.errors()).toEqual(['prototype.version_not_found']);
  });
});
