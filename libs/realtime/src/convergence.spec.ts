import { readSnapshot } from '@state-server/commit';
import type { BraneId, ClientOp, ObjectId, OpId } from '@state-server/domain';
import { nextInt, pick, seededRandom } from '@state-server/testing';
import type { TestClient } from './test-support/test-client.spec-support';
import { type TestBrane, type TestNode, TestWorld } from './test-support/test-world.spec-support';

/** A person at work: one edit at a time, sent again until it is answered, over as many connections as it takes. */
class Person {
  client: TestClient | undefined;
  private open: { op_id: OpId; ops: ClientOp[]; sent: number } | undefined;
  readonly acknowledged: OpId[] = [];
  readonly faults: string[] = [];

  constructor(
    private readonly world: TestWorld,
    private readonly brane: TestBrane,
    private readonly random: ReturnType<typeof seededRandom>,
  ) {}

  async connect(node: TestNode): Promise<void> {
    const before = this.client?.view(this.brane.id);
    this.disconnect();
    const format = pick(this.random, ['cbor', 'json'] as const);
    const client = await node.client(this.brane.owner, { format });
    this.client = client;
    const { epoch, seq, scene } = before ?? {};
    if (epoch && scene && this.random.next() < 0.7) {
      Object.assign(client.view(this.brane.id), { epoch, seq, scene });
      client.send({ type: 'brane.join', brane_id: this.brane.id, after: { epoch, seq: seq ?? 0 } });
    } else {
      client.send({ type: 'brane.join', brane_id: this.brane.id });
    }
  }

  disconnect(): void {
    this.client?.connection.closed();
    this.faults.push(...(this.client?.faults ?? []));
    this.client = undefined;
  }

  work(): void {
    const { client, brane } = this;
    if (!client || client.socket.closed) return;
    const scene = client.view(brane.id).scene;
    this.settle(client);
    if (!scene || !client.view(brane.id).synced || this.open?.sent === client.frames.length) return;
    const again = this.open !== undefined;
    this.open ??= {
      op_id: this.world.opId(),
      ops: [this.op([...scene.objects()].map(({ id }) => id))],
      sent: 0,
    };
    this.open.sent = client.frames.length;
    client.edit(brane.id, this.open.ops, { op_id: this.open.op_id, again });
  }

  /** Finds the answer to the edit that is on its way. */
  settle(client: TestClient): void {
    const op_id = this.open?.op_id;
    if (op_id === undefined) return;
    if (client.all('brane.ack').some((ack) => ack.op_id === op_id)) {
      this.acknowledged.push(op_id);
      this.open = undefined;
    } else if (client.all('system.error').some((error) => error.op_id === op_id && !error.retryable)) {
      this.open = undefined;
    }
  }

  private op(ids: readonly ObjectId[]): ClientOp {
    const { random, world, brane } = this;
    const id = pick(random, ids);
    switch (nextInt(random, 5)) {
      case 0:
        return { op: 'update', id, set: { '/name': `name ${nextInt(random, 100)}` } };
      case 1:
        return { op: 'move', id, parent_id: pick(random, ids) };
      case 2:
        return { op: 'delete', id };
      default:
        return {
          op: 'create',
          object: {
            kind: pick(random, ['group', 'block']),
            id: world.objectId(),
            parent_id: random.next() < 0.5 ? brane.id : id,
          },
        };
    }
  }
}

async function storedLog(node: TestNode, id: BraneId): Promise<OpId[]> {
  const entries = await node.store.read({ label: 'test' }, (tx) =>
    tx.range('log', { prefix: [id], limit: 100_000 }),
  );
  return entries.map((entry) => entry.op_id);
}

describe('at rest, whatever happened', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'every client has what is stored, and what was acknowledged is in the log once (R1, R4, R5, RT-2, seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const bad = { bus: true };
      const world = new TestWorld({
        seed,
        delivery: (deliver) => {
          if (!bad.bus) return queueMicrotask(deliver);
          for (let copies = pick(random, [0, 1, 1, 1, 2]); copies > 0; copies -= 1) {
            world.environment.timers.set(nextInt(random, 40), deliver);
          }
        },
      });
      const limits = {
        socket_bytes: 2_000,
        outbox_bytes: 4_000,
        tail_entries: 10,
        log_page_entries: 7,
        replay_entries: 12,
        catch_up_entries: 20,
      };
      const nodes = [world.node({ limits }), world.node({ limits })];
      const brane = await world.brane(nodes[0] ?? world.node());
      const people = Array.from({ length: 5 }, () => new Person(world, brane, random));
      for (const person of people) await person.connect(pick(random, nodes));
      for (let step = 0; step < 250; step += 1) {
        const person = pick(random, people);
        const chance = random.next();
        if (chance < 0.8) person.work();
        else if (chance < 0.84) await person.connect(pick(random, nodes));
        else if (chance < 0.9 && person.client) person.client.socket.stalled = true;
        else if (chance < 0.96) person.client?.socket.drain();
        else if (chance < 0.98) pick(random, nodes).bus.disconnect();
        else for (const node of nodes) node.bus.reconnect();
        await world.advance(nextInt(random, 20));
      }
      bad.bus = false;
      for (const node of nodes) node.bus.reconnect();
      for (const person of people) {
        if (!person.client || person.client.socket.closed) await person.connect(pick(random, nodes));
        person.client?.socket.drain();
      }
      await world.advance(3_000);

      const [node] = nodes;
      const stored = node && (await readSnapshot(node.store, brane.id));
      const log = node ? await storedLog(node, brane.id) : [];
      expect(log.length).toBeGreaterThan(40);
      expect(new Set(log).size).toBe(log.length);
      for (const { client, faults, acknowledged } of people) {
        const view = client?.view(brane.id);
        expect(view).toMatchObject({ seq: log.length, synced: true });
        expect(new Map([...(view?.scene?.objects() ?? [])].map((object) => [object.id, object]))).toEqual(
          new Map(stored?.objects.map((object) => [object.id, object])),
        );
        expect([...faults, ...(client?.faults ?? [])]).toEqual([]);
        for (const op_id of acknowledged) expect(log).toContain(op_id);
      }
    },
    30_000,
  );
});
