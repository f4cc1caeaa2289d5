import type { ClientOp, ObjectId } from '@state-server/domain';
import { TestWorld } from './test-support/test-world.spec-support';

async function open() {
  const world = new TestWorld();
  const node = world.node();
  const brane = await world.brane(node);
  const client = await node.client(brane.owner);
  await world.join(client, brane.id);
  return { world, node, brane, client };
}

const rename = (id: ObjectId, name: string): ClientOp => ({ op: 'update', id, set: { '/name': name } });

describe('undo and redo', () => {
  it('take back and do again what was named, as edits of their own (U1, U2)', async () => {
    const { world, node, brane, client } = await open();
    const peer = await node.client(brane.owner);
    await world.join(peer, brane.id);
    const id = world.objectId();
    client.edit(brane.id, [
      { op: 'create', object: { kind: 'block', id, parent_id: brane.id, name: 'before' } },
    ]);
    const target_op_id = client.edit(brane.id, [rename(id, 'after')]);
    const undo = world.opId();
    const next = (): number => client.nextClientSeq(brane.id);
    client.send({ type: 'brane.undo', brane_id: brane.id, op_id: undo, client_seq: next(), target_op_id });
    await world.settle();
    expect(client.last('brane.ack')).toMatchObject({ op_id: undo, seq: 4 });
    for (const one of [client, peer]) expect(one.view(brane.id).scene?.get(id)?.name).toBe('before');
    client.send({
      type: 'brane.redo',
      brane_id: brane.id,
      op_id: world.opId(),
      client_seq: next(),
      target_op_id: undo,
    });
    await world.settle();
    for (const one of [client, peer]) expect(one.view(brane.id).scene?.get(id)?.name).toBe('after');
    client.send({
      type: 'brane.undo',
      brane_id: brane.id,
      op_id: world.opId(),
      client_seq: next(),
      target_op_id: world.opId(),
    });
    await world.settle();
    expect(client.errors()).toHaveLength(1);
  });

  it('are the user’s own on every device, after a reconnect and through another gateway (U2)', async () => {
    const { world, brane, client } = await open();
    const id = world.objectId();
    client.edit(brane.id, [{ op: 'create', object: { kind: 'block', id, parent_id: brane.id, name: '0' } }]);
    for (const name of ['1', '2']) client.edit(brane.id, [rename(id, name)]);
    await world.settle();
    client.connection.closed();
    const tablet = await world.node().client(brane.owner);
    await world.join(tablet, brane.id);
    const ask = async (type: 'brane.undo' | 'brane.redo'): Promise<string | undefined> => {
      const client_seq = tablet.nextClientSeq(brane.id);
      tablet.send({ type, brane_id: brane.id, op_id: world.opId(), client_seq });
      await world.settle();
      return tablet.view(brane.id).scene?.get(id)?.name;
    };
    expect(await ask('brane.undo')).toBe('1');
    expect(await ask('brane.undo')).toBe('0');
    expect(await ask('brane.redo')).toBe('1');
    expect(tablet.errors()).toEqual([]);
  });

  it('are numbered together with edits (I3)', async () => {
    const { world, brane, client } = await open();
    client.edit(brane.id, [world.block(brane.id)]);
    client.send({ type: 'brane.undo', brane_id: brane.id, op_id: world.opId(), client_seq: 3 });
    await world.settle();
    expect(client.errors()).toEqual(['edit.out_of_order']);
  });
});

describe('what does not exist yet', () => {
  it('is answered so', async () => {
    const { world, brane, client } = await open();
    const region = { center: [0, 0, 0], radius: 5 };
    client.send({ type: 'brane.interest', brane_id: brane.id, interest: region });
    client.send({
      type: 'action.invoke',
      brane_id: brane.id,
      object_id: world.objectId(),
      action: 'open',
      args: {},
      op_id: world.opId(),
    });
    client.send({ type: 'brane.leave', brane_id: brane.id });
    client.send({ type: 'brane.join', brane_id: brane.id, interest: region });
    await world.settle();
    expect(client.errors()).toEqual(['op.unsupported', 'op.unsupported', 'op.unsupported']);
  });
});
