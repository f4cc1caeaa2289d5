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
import { frame, step, type Step } from './test-support/frame-grammar.spec-support';
import type { TestClient } from './test-support/test-client.spec-support';
import { TestWorld, tokenOf } from './test-support/test-world.spec-support';

const budget = fuzzBudget(fc, 'libs/realtime/jest.config.cjs', () => expect.getState());

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
