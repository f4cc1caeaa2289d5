import { asEpoch, type ClientOp, type ObjectId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { TestClient } from './test-support/test-client.spec-support';
import { type NodeOptions, TestWorld } from './test-support/test-world.spec-support';

async function open(options: NodeOptions = {}) {
  const world = new TestWorld();
  const node = world.node(options);
  const brane = await world.brane(node);
  const client = await node.client(brane.owner);
  await world.join(client, brane.id);
  return { world, node, brane, client };
}

const rename = (id: ObjectId, name: string, if_version?: number): ClientOp => ({
  op: 'update',
  id,
  set: { '/name': name },
  ...(if_version === undefined ? {} : { if_version }),
});

/** Types of what was sent about edits, in their order. */
const order = (client: TestClient): string[] =>
  client.frames.map(({ type }) => type).filter((type) => type === 'brane.ops' || type === 'brane.ack');

describe('an edit', () => {
  it('reaches its author before its ack, and everybody else (R4)', async () => {
    const { world, node, brane, client } = await open();
    const peer = await node.client(brane.owner, { format: 'json' });
    await world.join(peer, brane.id);
    const op_id = client.edit(brane.id, [world.block(brane.id)], { id: 'e' });
    await world.settle();
    expect(order(client)).toEqual(['brane.ops', 'brane.ack']);
    expect(client.last('brane.ack')).toMatchObject({ op_id, seq: 2, in_reply_to: 'e' });
    expect(peer.last('brane.ops')).toMatchObject({ op_id, seq: 2, actor: brane.owner });
    expect(order(peer)).toEqual(['brane.ops']);
    expect([...client.faults, ...peer.faults]).toEqual([]);
  });

  it('uses its number up when it comes after its author has left (I3)', async () => {
    const { world, brane, client } = await open();
    client.send({ type: 'brane.leave', brane_id: brane.id });
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.errors()).toEqual(['brane.not_joined']);
    await world.join(client, brane.id);
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.all('brane.ack')).toHaveLength(1);
    expect(client.errors()).toEqual(['brane.not_joined']);
  });

  it('is acknowledged behind entries of others that its gateway does not have yet (R4)', async () => {
    const lost = new Set<number>();
    let message = 0;
    const world = new TestWorld({
      delivery: (deliver, channel) => {
        if (!channel.startsWith('brane:')) return;
        message += 1;
        if (!lost.has(message)) queueMicrotask(deliver);
      },
    });
    const [here, there] = [world.node(), world.node()];
    const brane = await world.brane(here);
    const client = await here.client(brane.owner);
    await world.join(client, brane.id);
    for (let next = message + 1; next < message + 20; next += 1) lost.add(next);
    await world.commit(there, brane, [world.block(brane.id)]);
    await world.commit(there, brane, [world.block(brane.id)]);
    client.edit(brane.id, [world.block(brane.id)]);
    await world.environment.settle();
    expect(order(client)).toEqual([]);
    await world.settle();
    expect(order(client)).toEqual(['brane.ops', 'brane.ops', 'brane.ops', 'brane.ack']);
    expect(client.view(brane.id).seq).toBe(4);
    expect(here.counts.filled).toBe(2);
    expect(client.faults).toEqual([]);
  });

  it('with the same op id gets the same ack, and is not done twice (I1)', async () => {
    const { world, brane, client } = await open();
    const ops = [world.block(brane.id)];
    const op_id = client.edit(brane.id, ops);
    await world.settle();
    const { epoch } = client.view(brane.id);
    client.send({
      type: 'brane.edit',
      brane_id: brane.id,
      op_id,
      client_seq: 1,
      ops,
      again: true,
      first_sent: { epoch: epoch ?? asEpoch(''), seq: 1 },
    });
    await world.settle();
    expect(client.all('brane.ack').map(({ seq }) => seq)).toEqual([2, 2]);
    expect(client.all('brane.ops')).toHaveLength(1);
    client.send({
      type: 'brane.edit',
      brane_id: brane.id,
      op_id,
      client_seq: 2,
      ops: [world.block(brane.id)],
    });
    await world.settle();
    expect(client.last('system.error')).toMatchObject({ code: 'op_id.reused', op_id });
  });

  it('of a viewer or a guest is refused, and the connection lives (RT-5)', async () => {
    const world = new TestWorld();
    const node = world.node();
    const brane = await world.brane(node, { visibility: 'link' });
    const viewer = await node.client(await world.member(node, brane, 'viewer'));
    const guest = await node.client(world.user());
    for (const client of [viewer, guest]) {
      await world.join(client, brane.id);
      const op_id = client.edit(brane.id, [world.block(brane.id)], { id: 'e' });
      await world.settle();
      expect(client.last('system.error')).toMatchObject({
        code: 'permission.denied',
        in_reply_to: 'e',
        op_id,
        brane_id: brane.id,
        retryable: false,
      });
      expect(client.socket.closed).toBeUndefined();
      expect(client.all('brane.ops')).toEqual([]);
    }
  });

  it('is refused precisely when it is stale, impossible or not well-formed, and the next one passes (RT-5)', async () => {
    const { world, brane, client } = await open();
    const id = world.objectId();
    client.edit(brane.id, [{ op: 'create', object: { kind: 'block', id, parent_id: brane.id } }]);
    client.edit(brane.id, [rename(id, 'one', 7)]);
    client.edit(brane.id, [rename(world.objectId(), 'two')]);
    client.edit(brane.id, [{ op: 'transform', id, transform: new Float32Array(16).fill(Number.NaN) }]);
    client.sendValue({
      type: 'brane.edit',
      brane_id: brane.id,
      op_id: world.opId(),
      client_seq: client.nextClientSeq(brane.id),
      ops: [{ op: 'explode', id }],
    });
    client.edit(brane.id, [rename(id, 'three', 1)]);
    await world.settle();
    expect(client.errors().sort()).toEqual([
      'frame.invalid',
      'object.not_found',
      'object.version_mismatch',
      'transform.not_finite',
    ]);
    for (const error of client.all('system.error')) expect(error.op_id).toBeDefined();
    expect(client.view(brane.id).scene?.get(id)?.name).toBe('three');
    expect(client.faults).toEqual([]);
  });

  it('waits for the one before it: numbers are gapless per session and brane (I3)', async () => {
    const { world, node, brane, client } = await open();
    const other = await world.brane(node, { owner: brane.owner });
    await world.join(client, other.id);
    client.nextClientSeq(brane.id);
    client.edit(brane.id, [world.block(brane.id)]);
    client.edit(other.id, [world.block(other.id)]);
    await world.settle();
    expect(client.all('system.error')).toMatchObject([
      { code: 'edit.out_of_order', retryable: true, details: { client_seq: 2, expected: 1 } },
    ]);
    expect(client.all('brane.ack')).toMatchObject([{ brane_id: other.id }]);
  });

  it('does not overtake one that was refused for the moment (I3)', async () => {
    let conflicts = 1;
    const { world, brane, client } = await open({
      committer: (committer) => ({
        ...committer,
        edit: (request) => {
          conflicts -= 1;
          return conflicts === 0 ? Promise.reject(fail('commit.conflict')) : committer.edit(request);
        },
      }),
    });
    const [first, second] = [world.objectId(), world.objectId()];
    const ops = [first, second].map((id): ClientOp[] => [
      { op: 'create', object: { kind: 'group', id, parent_id: id === first ? brane.id : first } },
    ]);
    const ids = ops.map((list) => client.edit(brane.id, list));
    await world.settle();
    expect(client.all('system.error').map(({ code, op_id }) => [code, op_id])).toEqual([
      ['commit.conflict', ids[0]],
      ['edit.out_of_order', ids[1]],
    ]);
    ops.forEach((list, index) => {
      const op_id = ids[index] ?? world.opId();
      client.send({
        type: 'brane.edit',
        brane_id: brane.id,
        op_id,
        client_seq: index + 1,
        ops: list,
        again: true,
      });
    });
    await world.settle();
    expect(client.all('brane.ack').map(({ op_id }) => op_id)).toEqual(ids);
    expect(client.view(brane.id).scene?.get(second)?.parent_id).toBe(first);
  });

  it('goes on counting when the brane was left and joined again (I3)', async () => {
    const { world, brane, client } = await open();
    client.edit(brane.id, [world.block(brane.id)]);
    client.send({ type: 'brane.leave', brane_id: brane.id });
    client.edit(brane.id, [world.block(brane.id)]);
    await world.join(client, brane.id);
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.errors()).toEqual(['brane.not_joined']);
    expect(client.all('brane.ack')).toHaveLength(2);
    expect(client.view(brane.id).scene?.size).toBe(3);
  });

  it('needs a brane that was joined (RT-5)', async () => {
    const { world, node, brane, client } = await open();
    const other = await world.brane(node, { owner: brane.owner });
    client.edit(other.id, [world.block(other.id)]);
    client.send({ type: 'presence.set', brane_id: other.id, state: {} });
    client.send({ type: 'brane.leave', brane_id: other.id });
    await world.settle();
    expect(client.errors()).toEqual(['brane.not_joined', 'brane.not_joined', 'brane.not_joined']);
  });

  it('is limited in number per second: the refusal says when, and none overtakes (I3)', async () => {
    const { world, brane, client } = await open({ limits: { edits_per_second: 10, edits_burst: 2 } });
    for (let count = 0; count < 4; count += 1) client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.all('brane.ack')).toHaveLength(2);
    expect(client.errors()).toEqual(['rate.limited', 'edit.out_of_order']);
    const wait = client.all('system.error')[0]?.retry_after_ms ?? 0;
    expect(wait).toBeGreaterThan(0);
    await world.advance(wait);
    client.send({
      type: 'brane.edit',
      brane_id: brane.id,
      op_id: world.opId(),
      client_seq: 3,
      ops: [world.block(brane.id)],
    });
    await world.settle();
    expect(client.all('brane.ack')).toHaveLength(3);
  });

  it('tells nothing of what went wrong inside', async () => {
    const { world, brane, client } = await open({
      committer: (committer) => ({
        ...committer,
        edit: () => Promise.reject(new Error('secret of the driver')),
      }),
    });
    client.edit(brane.id, [world.block(brane.id)]);
    await world.settle();
    expect(client.last('system.error')).toMatchObject({
      code: 'internal',
      message: 'Something went wrong on the server.',
    });
    expect(JSON.stringify(client.frames)).not.toContain('secret');
  });
});
