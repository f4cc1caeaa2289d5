import { crc32 } from 'node:zlib';
import { type Client, createClient } from '@state-server/client';
import {
  asBraneId,
  asObjectId,
  type ClientOp,
  created,
  type ObjectId,
  type Op,
  type OpContext,
  type SceneObject,
} from '@state-server/domain';
import { splitFrames } from '@state-server/protocol';
import { differences, sumCounter, until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { FaultSystem } from './support/fault-system';
import { FrameSocket } from './support/frame-socket';
import { getFrom, postBrane } from './support/by-address';
import { note } from './support/report';
import { rssOf } from './support/rss';
import { tokenOf } from './support/token';

const DISTINCT = 100;
const REPEATS = 100;
const BRANES = 5_000;
/** The long form is 100,000: VOLUME_OBJECTS=100000. */
const OBJECTS = Number(process.env['VOLUME_OBJECTS'] ?? 25_000);
const RAW_SOCKETS = 197;
/** More than the frame that ends a state. */
const SYNCED_BYTES = 300;
const UNLIMITED = {
  ...{ EDITS_PER_SECOND: '1000000', FRAMES_PER_SECOND: '1000000', SESSIONS_PER_USER: '1000' },
  ...{
    USER_EDITS_PER_SECOND: '1000000',
    ADDRESS_EDITS_PER_SECOND: '1000000',
    BRANE_EDITS_PER_SECOND: '1000000',
  },
};

describe('much of everything', () => {
  let system: FaultSystem;
  let owner: Client;
  let token: string;
  beforeAll(async () => {
    const settings = {
      'sync-gateway-1': UNLIMITED,
      'sync-gateway-2': UNLIMITED,
      // So that each of our users comes from an address of his own.
      'api-gateway': { TRUSTED_PROXIES: 'loopback' },
    };
    system = await FaultSystem.start({ settings });
    owner = createClient({ origin: system.origin, WebSocket, name: 'e2e' });
    await owner.signInDev('Owner');
    token = await tokenOf(system.origin, 'Owner');
  }, 120_000);
  afterAll(async () => {
    owner.close();
    await system.stop();
  }, 60_000);

  const tokensOf = (name: string): Promise<string[]> =>
    Promise.all(Array.from({ length: 5 }, (_, user) => tokenOf(system.origin, `${name} ${user}`)));
  const figure = (text: string): void => note(`figures: ${text}`);
  const rss = (): string => system.gateways.map(({ pid }) => rssOf(pid)).join(' and ');
  const gauge = async (name: string): Promise<number> => {
    const pages = await Promise.all(system.gateways.map((gateway) => system.metrics(gateway.name)));
    return sumCounter(pages, name);
  };

  it('10,000 edits under 100 op ids: each is answered as the first was, and done once (I1)', async () => {
    const begun = performance.now();
    const { id } = await owner.rest.createBrane({ name: 'repeated' });
    const sockets = [
      await FrameSocket.session(system.gatewaySocket(0), token),
      await FrameSocket.session(system.gatewaySocket(1), token),
    ];
    for (const socket of sockets) {
      socket.send({ type: 'brane.join', brane_id: id });
      await socket.next('brane.synced');
    }
    const edits = Array.from({ length: DISTINCT }, () => ({
      op_id: crypto.randomUUID(),
      ops: [newBlock(id)],
    }));
    for (let sent = 0; sent < DISTINCT * REPEATS; sent += 1) {
      const edit = edits[sent % DISTINCT];
      const client_seq = (sent >> 1) + 1;
      sockets[sent % 2]?.send({ type: 'brane.edit', brane_id: id, client_seq, ...edit });
      // Edits that wait are bounded: as many as a gateway takes at a time.
      if (sent % 500 === 499) await until(() => acks(sockets) > sent - 500, { timeoutMs: 30_000 });
    }
    await until(() => acks(sockets) === DISTINCT * REPEATS, {
      timeoutMs: 30_000,
      what: 'every one to be answered',
    });
    const places = new Map<unknown, Set<unknown>>();
    for (const { type, op_id, seq } of sockets.flatMap(({ frames }) => frames)) {
      if (type === 'brane.ack') places.set(op_id, (places.get(op_id) ?? new Set()).add(seq));
    }
    expect([...places.values()].map((seqs) => seqs.size)).toEqual(edits.map(() => 1));
    const { objects, seq } = await owner.rest.snapshot(asBraneId(id));
    expect([objects.length, seq]).toEqual([DISTINCT + 1, DISTINCT + 1]);
    for (const socket of sockets) socket.close();
    figure(`10,000 edits under 100 op ids in ${since(begun)}`);
  });

  it('10,000 requests under 100 Idempotency-Keys: each is answered as the first was, and done once (I5)', async () => {
    const begun = performance.now();
    const tokens = await tokensOf('Keyed');
    const answers = new Map<string, Set<string>>();
    let next = 0;
    const work = async (): Promise<void> => {
      for (let sent = next++; sent < DISTINCT * REPEATS; sent = next++) {
        const user = sent % tokens.length;
        const key = `key-${sent % DISTINCT}`;
        const answer = await postBrane(system.origin, tokens[user] ?? '', `10.1.0.${user}`, key);
        answers.set(key, (answers.get(key) ?? new Set()).add(answer));
      }
    };
    await Promise.all(Array.from({ length: 24 }, work));
    expect([...answers.values()].map((bodies) => bodies.size)).toEqual(
      Array.from({ length: DISTINCT }, () => 1),
    );
    for (const [user, one] of tokens.entries()) {
      const list = await getFrom(system.origin, one, `10.1.0.${user}`, '/brane?limit=200');
      expect((list as { items: unknown[] }).items).toHaveLength(DISTINCT / tokens.length);
    }
    figure(`10,000 requests under 100 keys in ${since(begun)}`);
  }, 120_000);

  it('5,000 branes joined and left: nothing of them stays in a gateway', async () => {
    const begun = performance.now();
    const tokens = await tokensOf('Maker');
    const made = await parallel(BRANES, 24, async (index) => {
      const user = index % tokens.length;
      const body = await postBrane(system.origin, tokens[user] ?? '', `10.2.0.${user}`, `brane-${index}`);
      return { user, id: (JSON.parse(body) as { id: string }).id };
    });
    const before = rss();
    await Promise.all(
      tokens.map(async (one, user) => {
        const socket = await FrameSocket.session(system.gatewaySocket(user % 2), one);
        for (const { id } of made.filter((brane) => brane.user === user)) {
          socket.send({ type: 'brane.join', brane_id: id });
          await socket.next('brane.synced');
          socket.send({ type: 'brane.leave', brane_id: id, id: 'left' });
          await socket.next('brane.left');
          socket.frames.length = 0;
        }
        socket.close();
      }),
    );
    await until(async () => (await gauge('realtime_rooms')) === 0, {
      timeoutMs: 30_000,
      everyMs: 200,
      what: 'rooms to go',
    });
    expect(await gauge('realtime_seats')).toBe(0);
    figure(`5,000 branes joined and left in ${since(begun)}; gateways ${before} → ${rss()} MiB`);
  }, 180_000);

  it(`a brane of ${OBJECTS} objects: 3 SDK clients and 197 sockets get the same, and what is stored (R1, R2)`, async () => {
    let begun = performance.now();
    const { id } = await owner.rest.createBrane({ name: 'large' });
    await fill(system.gatewaySocket(0), token, id, OBJECTS);
    figure(`${OBJECTS} objects made in ${since(begun)}`);
    begun = performance.now();
    const before = rss();
    const braneId = asBraneId(id);
    const clients = await Promise.all(
      [0, 1, 2].map(async (index) => {
        const webSocketUrl = system.gatewaySocket(index % 2);
        const client = createClient({
          origin: system.origin,
          WebSocket,
          name: `reader ${index}`,
          webSocketUrl,
        });
        await client.signInDev('Owner');
        return client;
      }),
    );
    const hashes = parallel(RAW_SOCKETS, 50, (index) =>
      stateHash(system.gatewaySocket(index % 2), token, id),
    );
    const branes = await Promise.all(clients.map((client) => client.join(braneId)));
    const seen = await hashes;
    figure(`200 joins in ${since(begun)}; gateways ${before} → ${rss()} MiB`);
    // Two gateways may cut the state into frames in other places.
    for (const gateway of [0, 1]) {
      expect(new Set(seen.filter((_, index) => index % 2 === gateway)).size).toBe(1);
    }
    const stored = await owner.rest.snapshot(braneId);
    expect(stored.objects).toHaveLength(OBJECTS);
    const bytes: Buffer[] = [];
    expect(await stateHash(system.gatewaySocket(0), token, id, bytes)).toBe(seen[0]);
    expect(differences(stored.objects, objectsIn(bytes))).toEqual([]);
    for (const brane of branes) expect(differences(stored.objects, brane.confirmed)).toEqual([]);
    for (const client of clients) client.close();
  }, 240_000);
});

const since = (begun: number): string => `${((performance.now() - begun) / 1_000).toFixed(1)} s`;

function acks(sockets: readonly FrameSocket[]): number {
  return sockets.reduce(
    (sum, { frames }) => sum + frames.filter(({ type }) => type === 'brane.ack').length,
    0,
  );
}

function newBlock(parent: string): ClientOp {
  const id = asObjectId(crypto.randomUUID());
  return { op: 'create', object: { kind: 'block', id, parent_id: asObjectId(parent) } };
}

/** Runs so many pieces of work, some at a time; answers in their order. */
async function parallel<T>(
  count: number,
  atATime: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return results;
}

/** Groups of 999 blocks each, in edits of up to 200 creates, several on their way; the root is one of the objects. */
async function fill(url: string, token: string, braneId: string, objects: number): Promise<void> {
  const socket = await FrameSocket.session(url, token);
  socket.send({ type: 'brane.join', brane_id: braneId });
  await socket.next('brane.synced');
  const creates: ClientOp[] = [];
  while (creates.length < objects - 1) {
    const group = asObjectId(crypto.randomUUID());
    creates.push({ op: 'create', object: { kind: 'group', id: group, parent_id: asObjectId(braneId) } });
    for (let block = 0; block < 999 && creates.length < objects - 1; block += 1)
      creates.push(newBlock(group));
  }
  let [sent, acked] = [0, 0];
  const answered = (): number => {
    for (const frame of socket.frames.splice(0)) {
      if (frame.type === 'brane.ack') acked += 1;
      if (frame.type === 'system.error') refusals.push(JSON.stringify(frame));
    }
    return acked + refusals.length;
  };
  const refusals: string[] = [];
  for (let at = 0; at < creates.length; at += 200) {
    const ops = creates.slice(at, at + 200);
    socket.send({
      type: 'brane.edit',
      brane_id: braneId,
      client_seq: sent + 1,
      op_id: crypto.randomUUID(),
      ops,
    });
    sent += 1;
    await until(() => answered() > sent - 16, {
      timeoutMs: 60_000,
      everyMs: 1,
      what: 'edits to be answered',
    });
  }
  await until(() => answered() === sent, { timeoutMs: 60_000, what: 'the last edits to be answered' });
  expect(refusals).toEqual([]);
  socket.close();
}

/** What the bytes of a join hold: a snapshot that joiners share, and the entries since, which here only create. */
function objectsIn(messages: readonly Buffer[]): Map<ObjectId, SceneObject> {
  const objects = new Map<ObjectId, SceneObject>();
  for (const frame of messages.flatMap((message) => splitFrames(new Uint8Array(message)) as StateFrame[])) {
    for (const object of frame.objects ?? []) objects.set(object.id, object);
    for (const op of frame.ops ?? []) {
      if (op.op !== 'create') throw new Error(`an entry of this brane is a ${op.op}`);
      const object = created(op.object, frame);
      objects.set(object.id, object);
    }
  }
  return objects;
}

interface StateFrame extends OpContext {
  readonly objects?: readonly SceneObject[];
  readonly ops?: readonly Op[];
}

/** Joins, and hashes every byte it gets from then on until it has the whole state. */
async function stateHash(url: string, token: string, braneId: string, keep?: Buffer[]): Promise<number> {
  const socket = await FrameSocket.session(url, token);
  const state = { hash: 0, isOver: false };
  socket.socket.removeAllListeners('message');
  socket.socket.on('message', (data: Buffer) => {
    state.hash = crc32(data, state.hash);
    state.isOver = data.subarray(-SYNCED_BYTES).includes('brane.synced');
    keep?.push(data);
  });
  socket.send({ type: 'brane.join', brane_id: braneId });
  await until(() => state.isOver, { timeoutMs: 120_000, everyMs: 20, what: 'the whole state' });
  socket.close();
  return state.hash;
}
