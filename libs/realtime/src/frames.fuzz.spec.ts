import {
  CLOSE_NORMAL,
  encodeCbor,
  encodeJson,
  errorRow,
  isErrorCode,
  parseServerFrame,
  splitFrames,
  type WireFormat,
} from '@state-server/protocol';
import { fuzzBudget, type RecordingSocket } from '@state-server/testing';
import fc from 'fast-check';
import type { TestClient } from './test-support/test-client.spec-support';
import { HELLO, TestWorld, tokenOf } from './test-support/test-world.spec-support';

const budget = fuzzBudget(fc, 'libs/realtime/jest.config.cjs', () => expect.getState());

const UUID = '00000000-0000-4000-8000-00000000000';
/** Names that become ids of the world: its brane, another's, one that is not there, no id at all. */
const place = fc.constantFrom('$brane', '$brane', '$brane', '$other', `${UUID}0`, 'x', 7, undefined);
const uuid = fc.constantFrom(...Array.from({ length: 6 }, (_, n) => `${UUID}${n}`));
const opId = fc.oneof({ weight: 5, arbitrary: uuid }, fc.constantFrom('x', 1, null));
const clientSeq = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) },
  fc.constantFrom(0, -1, 1.5, 2 ** 53, '1', undefined),
);
const junk = fc.oneof(fc.constantFrom(null, '', 0, -1, [], {}, true), fc.string({ maxLength: 5 }), fc.nat());
const position = fc.oneof(
  fc.record({ epoch: fc.constantFrom('$epoch', 'other'), seq: fc.constantFrom(0, 1, 2, 99) }),
  junk,
);
const correlation = fc.constantFrom(undefined, 'c', 'x'.repeat(64), 'x'.repeat(65), 5);
const deep = fc.nat(40).map((levels) => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
});
const op = fc.oneof(
  fc.record({
    op: fc.constant('create'),
    object: fc.record({
      kind: fc.constantFrom('group', 'block'),
      id: uuid,
      parent_id: fc.oneof(place, uuid),
      properties: fc.oneof(fc.constant(undefined), fc.record({ a: deep }), junk),
    }),
  }),
  fc.record({
    op: fc.constant('update'),
    id: fc.oneof(place, uuid),
    set: fc.dictionary(
      fc.constantFrom('/name', '/properties/a', '/x', 'y', '/properties/$int'),
      fc.oneof(junk, deep),
    ),
  }),
  fc.record({
    op: fc.constant('move'),
    id: uuid,
    parent_id: fc.oneof(place, uuid),
    order: fc.oneof(fc.constant(undefined), junk),
  }),
  fc.record({
    op: fc.constant('transform'),
    id: uuid,
    transform: fc.constantFrom([], new Float32Array(16), Array(16).fill(1e300), 'm'),
  }),
  fc.record({ op: fc.constantFrom('delete', 'upgrade', 'instantiate', 'explode'), id: uuid }),
  junk,
);
const edit = {
  id: correlation,
  brane_id: place,
  op_id: opId,
  client_seq: clientSeq,
  again: fc.constantFrom(undefined, undefined, true, 1),
  first_sent: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, position),
};

const hello = fc.record({
  type: fc.constant('session.hello'),
  id: correlation,
  token: fc.constantFrom('$token', '$token', '$token', 'wrong', '', 5),
  client: fc.oneof(
    { weight: 5, arbitrary: fc.constant(HELLO) },
    fc.constant({ ...HELLO, protocol: 99 }),
    junk,
  ),
});
/** Every frame that a client has, mostly as it should be. */
const frame = fc.oneof(
  { weight: 3, arbitrary: hello },
  fc.record({
    type: fc.constant('session.refresh'),
    id: correlation,
    token: fc.constantFrom('$token', 'wrong', 5),
  }),
  fc.record({
    type: fc.constant('system.ping'),
    id: correlation,
    more: fc.constantFrom(undefined, undefined, 1),
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('brane.join'),
      id: correlation,
      brane_id: place,
      after: fc.oneof(fc.constant(undefined), position),
      pending: fc.oneof(fc.constant(undefined), fc.array(opId, { maxLength: 3 })),
      interest: fc.constantFrom(undefined, undefined, null, { center: [0, 0, 0], radius: 1 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('brane.edit'),
      ...edit,
      ops: fc.oneof({ weight: 5, arbitrary: fc.array(op, { maxLength: 3 }) }, junk),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('brane.undo', 'brane.redo'),
      ...edit,
      target_op_id: fc.oneof(fc.constant(undefined), opId),
    }),
  },
  fc.record({ type: fc.constant('brane.leave'), id: correlation, brane_id: place }),
  fc.record({
    type: fc.constant('brane.interest'),
    id: correlation,
    brane_id: place,
    interest: fc.oneof(fc.constant(null), junk),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('presence.set'),
      id: correlation,
      brane_id: place,
      state: fc.oneof(
        fc.dictionary(fc.constantFrom('a', 'b', '$int', '$bytes'), fc.oneof(junk, deep), { maxKeys: 3 }),
        junk,
      ),
    }),
  },
  fc.record({
    type: fc.constant('action.invoke'),
    id: correlation,
    brane_id: place,
    object_id: uuid,
    action: fc.constantFrom('open', ''),
    args: fc.oneof(fc.constant({}), junk),
    op_id: opId,
  }),
  fc.record({
    type: fc.oneof(fc.constantFrom('brane.ops', 'session.welcome', 'constructor', '__proto__'), fc.string()),
  }),
  junk,
);

type Step =
  | { readonly by: number; readonly frame: unknown }
  | { readonly by: number; readonly bytes: Uint8Array }
  | { readonly by: number; readonly text: string }
  | { readonly by: number; readonly does: 'stall' | 'drain' | 'vanish' }
  | { readonly waitMs: number };

const by = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: fc.record({ by, frame }) },
  {
    weight: 1,
    arbitrary: fc.record({
      by,
      bytes: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(new Uint8Array(70_000))),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      by,
      text: fc.oneof(
        fc.string(),
        fc.json(),
        fc.constant(`{"type":"brane.edit","x":"${'x'.repeat(70_000)}"}`),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ by, does: fc.constantFrom('stall', 'drain', 'vanish') }) },
  { weight: 3, arbitrary: fc.record({ waitMs: fc.constantFrom(0, 25, 25, 1_000, 6_000, 45_000) }) },
);

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/** Puts the world's ids where the generator has names; leaves out what is undefined. */
function named(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return names[value] ?? value;
  if (Array.isArray(value)) return value.map((item) => named(item, names));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, named(item, names)]),
  );
}

/** All that a socket was sent can be read by a client, and it was closed only with a code of the table. */
function assertServed(socket: RecordingSocket): void {
  for (const message of socket.sent) for (const value of splitFrames(message)) parseServerFrame(value);
  if (!socket.closed) return;
  const { code, reason } = socket.closed;
  expect(isErrorCode(reason)).toBe(true);
  if (isErrorCode(reason)) expect(errorRow(reason).close ?? CLOSE_NORMAL).toBe(code);
}

/** What one frame brings forth, when nothing else is going on: an answer, or what it asked for. */
const answered = (client: TestClient, before: number): boolean =>
  client.frames.length > before || client.socket.closed !== undefined;

describe('any frames in any order, in any state', () => {
  it(
    'are answered, in words that a client can read, and never break the engine (RT-5, RT-7, RT-8, S5)',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 30 }),
          fc.boolean(),
          fc.boolean(),
          async (steps, json, known) => {
            const errors: unknown[] = [];
            const world = new TestWorld({ onHandlerError: (error) => errors.push(error) });
            const node = world.node();
            const brane = await world.brane(node);
            const other = await world.brane(node, { owner: world.user() });
            const names: Record<string, string> = {
              $brane: brane.id,
              $other: other.id,
              $token: tokenOf(brane.owner),
            };
            const formats: WireFormat[] = [json ? 'json' : 'cbor', 'cbor', 'json'];
            const clients = await Promise.all(
              formats.map((format) => node.client(brane.owner, { format, greet: known })),
            );
            if (known) for (const client of clients) await world.join(client, brane.id);
            for (const next of steps) await play(world, clients, next, names);
            await world.advance(50);
            for (const { socket, faults } of clients) {
              assertServed(socket);
              expect(faults).toEqual([]);
            }
            const witness = await node.client(brane.owner);
            await world.join(witness, brane.id);
            expect(witness.view(brane.id).synced).toBe(true);
            expect(node.gateway.stats().outboxBytes).toBeLessThan(5_000_000);
            for (const { connection } of [...clients, witness]) connection.closed();
            await world.advance(1_000);
            expect(node.gateway.stats()).toMatchObject({ sessions: 0, seats: 0, outboxBytes: 0 });
            expect(errors).toEqual([]);
          },
        ),
        budget.parameters(60),
      );
    },
    budget.timeoutMs,
  );

  it(
    'of a bad form get one system.error each, and the connection lives (RT-5)',
    async () => {
      await fc.assert(
        fc.asyncProperty(frame, fc.constantFrom<WireFormat>('cbor', 'json'), async (raw, format) => {
          const world = new TestWorld();
          const node = world.node();
          const brane = await world.brane(node);
          const client = await node.client(brane.owner, { format });
          await world.join(client, brane.id);
          const before = client.frames.length;
          send(
            client,
            named(raw, { $brane: brane.id, $other: brane.id, $token: tokenOf(brane.owner), $epoch: 'e' }),
          );
          await world.settle();
          const answers = client.frames.slice(before);
          const isQuiet = isFields(raw) && (raw['type'] === 'presence.set' || raw['type'] === 'brane.leave');
          expect(isQuiet || answered(client, before)).toBe(true);
          expect(answers.filter(({ type }) => type === 'system.error').length).toBeLessThanOrEqual(1);
          expect(client.socket.closed).toBeUndefined();
          expect(client.errors()).not.toContain('internal');
        }),
        budget.parameters(150),
      );
    },
    budget.timeoutMs,
  );
});

function send(client: TestClient, value: unknown): void {
  try {
    client.connection.message(client.format === 'json' ? encodeJson(value) : encodeCbor(value));
  } catch (error) {
    // Our own encoder has no form for it; the raw steps send such bytes.
    if (!(error instanceof TypeError)) throw error;
  }
}

async function play(
  world: TestWorld,
  clients: readonly TestClient[],
  next: Step,
  names: Record<string, string>,
): Promise<void> {
  if ('waitMs' in next) {
    await world.advance(next.waitMs);
    return;
  }
  const client = clients[next.by];
  if (!client) return;
  if ('frame' in next) {
    const epoch = client.last('brane.joined')?.epoch;
    send(client, named(next.frame, { ...names, ...(epoch === undefined ? {} : { $epoch: epoch }) }));
  } else if ('bytes' in next) client.connection.message(next.bytes);
  else if ('text' in next) client.connection.message(next.text);
  else if (next.does === 'stall') client.socket.stalled = true;
  else if (next.does === 'drain') client.socket.drain();
  else client.connection.closed();
}
