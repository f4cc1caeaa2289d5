import { createFakeEnvironment, type FakeEnvironment, RecordingSocket } from '@state-server/testing';
import { Outbox, type OutboxEvents, type Tag } from './outbox';
import { WriteSchedule } from './write-schedule';

const LIMITS = { write_bytes: 100, socket_bytes: 50, outbox_bytes: 40, stuck_ms: 1_000 };

interface Set {
  readonly environment: FakeEnvironment;
  readonly socket: RecordingSocket;
  readonly outbox: Outbox;
  readonly told: string[];
}

function set(format: 'cbor' | 'json' = 'cbor', events: Partial<OutboxEvents> = {}, fewSockets = 0): Set {
  const environment = createFakeEnvironment();
  const socket = new RecordingSocket();
  const told: string[] = [];
  const schedule = new WriteSchedule(environment.timers, 10, fewSockets);
  const outbox = new Outbox(format, socket, schedule, environment.clock, LIMITS, {
    overflow: () => told.push('overflow'),
    recovered: () => told.push('recovered'),
    stuck: () => told.push('stuck'),
    wrote: () => undefined,
    ...events,
  });
  return { environment, socket, outbox, told };
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const written = ({ socket }: Set): number[][] => socket.sent.map((message) => [...(message as Uint8Array)]);
const ops = (owner: object): Tag => ({ owner, kind: 'ops', entries: 1 });

describe('outbox', () => {
  it('writes to an idle socket at once, all frames of one turn together (RT-6)', async () => {
    const it = set();
    it.outbox.push(bytes(1));
    it.outbox.push(bytes(2, 3));
    expect(it.socket.sent).toEqual([]);
    await Promise.resolve();
    expect(written(it)).toEqual([[1, 2, 3]]);
  });

  it('leaves the event loop to others after 4 MiB, however much the network takes (RT-9)', async () => {
    const environment = createFakeEnvironment();
    const sockets = Array.from({ length: 10 }, () => new RecordingSocket());
    const sent = (): number => sockets.reduce((sum, socket) => sum + socket.sent.length, 0);
    const atTurns: number[] = [];
    const inTurns = (task: () => void) => (): void => {
      task();
      atTurns.push(sent());
    };
    const { timers } = environment;
    const schedule = new WriteSchedule(
      { set: (ms, task) => timers.set(ms, inTurns(task)), clear: (handle) => timers.clear(handle) },
      10,
    );
    const limits = { write_bytes: 262_144, socket_bytes: 262_144, outbox_bytes: 262_144, stuck_ms: 1_000 };
    const part = new Uint8Array(262_144);
    for (const socket of sockets) {
      const events = { overflow: () => undefined, recovered: () => undefined, stuck: () => undefined };
      const outbox = new Outbox('cbor', socket, schedule, environment.clock, limits, {
        ...events,
        wrote: () => undefined,
      });
      for (let count = 0; count < 10; count += 1) outbox.push(part);
    }
    await environment.settle();
    expect(sent()).toBe(16);
    await environment.advance(0);
    expect(atTurns).toEqual([32, 48, 64, 80, 96, 100]);
    expect(sockets.map((socket) => socket.sent.length)).toEqual(sockets.map(() => 10));
    schedule.stop();
  });

  it('writes once per tick under load (RT-6)', async () => {
    const it = set();
    it.outbox.push(bytes(1));
    await it.environment.settle();
    for (let value = 2; value <= 6; value += 1) {
      it.outbox.push(bytes(value));
      await it.environment.settle();
    }
    expect(written(it)).toEqual([[1]]);
    await it.environment.advance(10);
    expect(written(it)).toEqual([[1], [2, 3, 4, 5, 6]]);
  });

  it('does not wait for the tick while few sockets are busy, four times per tick at most (RT-6)', async () => {
    const it = set('cbor', {}, 1);
    for (let value = 1; value <= 7; value += 1) {
      it.outbox.push(bytes(value));
      await it.environment.settle();
    }
    expect(written(it)).toEqual([[1], [2], [3], [4], [5]]);
    await it.environment.advance(10);
    expect(written(it).at(-1)).toEqual([6, 7]);
    it.outbox.push(bytes(8));
    await it.environment.settle();
    expect(written(it).at(-1)).toEqual([8]);
  });

  it('lets an ack follow its entry at once, one per tick', async () => {
    const it = set();
    it.outbox.push(bytes(1));
    await it.environment.settle();
    it.outbox.pushSoon(bytes(2));
    await it.environment.settle();
    it.outbox.pushSoon(bytes(3));
    it.outbox.pushSoon(bytes(4));
    await it.environment.settle();
    expect(written(it)).toEqual([[1], [2]]);
    await it.environment.advance(10);
    expect(written(it)).toEqual([[1], [2], [3, 4]]);
    it.outbox.pushSoon(bytes(5));
    await it.environment.settle();
    expect(written(it)).toHaveLength(4);
  });

  it('is idle again after a quiet tick, and leaves no timer behind', async () => {
    const it = set();
    it.outbox.push(bytes(1));
    await it.environment.advance(20);
    expect(it.environment.pendingTimers).toBe(0);
    it.outbox.push(bytes(2));
    await Promise.resolve();
    expect(written(it)).toEqual([[1], [2]]);
  });

  it('hands a single frame on as it is, and puts JSON frames into an array', async () => {
    const frame = bytes(7);
    const cbor = set();
    cbor.outbox.push(frame);
    await Promise.resolve();
    expect(cbor.socket.sent[0]).toBe(frame);
    const json = set('json');
    json.outbox.push('{"a":1}');
    json.outbox.push('{"b":2}');
    await json.environment.settle();
    expect(json.socket.sent).toEqual(['[{"a":1},{"b":2}]']);
  });

  it('cuts what is too much for one message between frames', async () => {
    const it = set('json');
    const frame = 'x'.repeat(60);
    for (let count = 0; count < 3; count += 1) it.outbox.push(frame);
    await it.environment.settle();
    expect(it.socket.sent).toEqual([frame, frame, frame]);
  });

  it('writes nothing more to a socket that is full, tells when too much waits, and goes on when it has drained (RT-7)', async () => {
    const it = set();
    it.socket.stalled = true;
    it.outbox.push(new Uint8Array(60));
    await it.environment.advance(10);
    it.outbox.push(new Uint8Array(30));
    await it.environment.advance(10);
    expect(it.socket.sent).toHaveLength(1);
    expect(it.outbox.congested).toBe(true);
    expect(it.told).toEqual([]);
    it.outbox.push(new Uint8Array(30));
    await it.environment.advance(10);
    expect(it.told).toEqual(['overflow']);
    it.socket.drain();
    await it.environment.advance(10);
    expect(it.told).toEqual(['overflow', 'recovered']);
    expect(it.socket.sent).toHaveLength(2);
  });

  it('tells of a socket that takes nothing for too long, but not of a slow one (RT-8)', async () => {
    const it = set();
    it.socket.stalled = true;
    it.outbox.push(new Uint8Array(60));
    await it.environment.advance(10);
    it.outbox.push(new Uint8Array(1));
    await it.environment.advance(900);
    it.socket.bufferedBytes -= 1;
    await it.environment.advance(900);
    expect(it.told).toEqual([]);
    await it.environment.advance(200);
    expect(it.told).toContain('stuck');
  });

  it('takes frames back by what they are, and finds whose entries weigh most', async () => {
    const it = set();
    it.socket.stalled = true;
    it.outbox.push(new Uint8Array(60));
    await it.environment.advance(10);
    const [light, heavy] = [{}, {}];
    it.outbox.push(bytes(1), ops(light));
    it.outbox.push(bytes(2, 2, 2), ops(heavy));
    it.outbox.push(bytes(3), { owner: heavy, kind: 'control' });
    it.outbox.push(bytes(4), ops(light));
    expect(it.outbox.heaviest()).toBe(heavy);
    expect(
      it.outbox.remove(({ owner, kind }) => owner === light && kind === 'ops').map(({ frame }) => frame),
    ).toEqual([bytes(1), bytes(4)]);
    expect(it.outbox.queuedBytes).toBe(4);
    it.socket.drain();
    await it.environment.advance(10);
    expect(written(it).at(-1)).toEqual([2, 2, 2, 3]);
  });

  it('lets whoever feeds it wait until there is room, and wakes him when it is closed', async () => {
    const it = set();
    expect(it.outbox.room()).toBeUndefined();
    it.socket.stalled = true;
    it.outbox.push(new Uint8Array(60));
    const woken: string[] = [];
    void it.outbox.room()?.then(() => woken.push('written'));
    await it.environment.settle();
    expect(woken).toEqual(['written']);
    it.outbox.push(new Uint8Array(30));
    void it.outbox.room()?.then(() => woken.push('closed'));
    await it.environment.advance(50);
    expect(woken).toEqual(['written']);
    it.outbox.close();
    await it.environment.settle();
    expect(woken).toEqual(['written', 'closed']);
    expect(it.outbox.queuedBytes).toBe(0);
  });
});
