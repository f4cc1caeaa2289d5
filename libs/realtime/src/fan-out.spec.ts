import { asBraneId, asSessionId, asUserId, type Epoch } from '@state-server/domain';
import { decodeCborSequence, encodeCbor } from '@state-server/protocol';
import { createFakeEnvironment, RecordingSocket } from '@state-server/testing';
import { FanOut } from './fan-out';
import { DEFAULT_LIMITS } from './limits';
import { Outbox } from './outbox';
import { Seat } from './seat';
import { Entry } from './shared-frame';
import { WriteSchedule } from './write-schedule';

const BRANE = asBraneId('00000000-0000-4000-8000-0000000000b0');
const environment = createFakeEnvironment();
const schedule = new WriteSchedule(environment.timers, DEFAULT_LIMITS.tick_ms);
const entry = (seq: number, filler = ''): Entry =>
  new Entry({ epoch: 'e' as Epoch, seq, frame: encodeCbor({ seq, filler }) });

interface Place {
  readonly seat: Seat;
  readonly socket: RecordingSocket;
  /** The seqs in each message. */
  readonly written: () => number[][];
}

function place(format: 'cbor' | 'json' = 'cbor'): Place {
  const socket = new RecordingSocket();
  const nothing = (): void => undefined;
  const events = { overflow: nothing, recovered: nothing, stuck: nothing, wrote: nothing };
  const outbox = new Outbox(format, socket, schedule, environment.clock, DEFAULT_LIMITS, events);
  const ids = {
    userId: asUserId('00000000-0000-4000-8000-0000000000a0'),
    sessionId: asSessionId('00000000-0000-4000-8000-0000000000c0'),
  };
  const seat = new Seat(BRANE, { ...ids, outbox, lost: nothing });
  seat.state = 'live';
  const seqs = (message: Uint8Array | string): number[] => {
    const frames: unknown = typeof message === 'string' ? JSON.parse(message) : decodeCborSequence(message);
    return [frames].flat().map((frame) => (frame as { seq: number }).seq);
  };
  return { seat, socket, written: () => socket.sent.map(seqs) };
}

describe('fan-out', () => {
  it('delivers the entries of one turn together, and the same bytes to all (RT-6)', async () => {
    const fanOut = new FanOut();
    const [one, two, json] = [place(), place(), place('json')];
    for (const { seat } of [one, two, json]) fanOut.add(seat);
    for (const seq of [1, 2, 3]) fanOut.deliver(entry(seq));
    expect(one.seat.seq).toBe(0);
    await environment.settle();
    for (const { seat, written } of [one, two, json]) {
      expect(written()).toEqual([[1, 2, 3]]);
      expect(seat.seq).toBe(3);
    }
    expect(one.socket.sent[0]).toBe(two.socket.sent[0]);
  });

  it('gives nothing of what waits to a seat that leaves, nor to one that comes with it (L6, R1)', async () => {
    const fanOut = new FanOut();
    const [stays, leaves, comes] = [place(), place(), place()];
    fanOut.add(stays.seat);
    fanOut.add(leaves.seat);
    fanOut.deliver(entry(1));
    fanOut.remove(leaves.seat);
    comes.seat.seq = 1;
    fanOut.add(comes.seat);
    fanOut.deliver(entry(2));
    await environment.settle();
    expect(stays.written()).toEqual([[1, 2]]);
    expect(leaves.written()).toEqual([]);
    expect(comes.written()).toEqual([[2]]);
  });

  it('takes back by entries what was queued together (RT-7)', () => {
    const fanOut = new FanOut();
    const { seat } = place();
    fanOut.add(seat);
    for (const seq of [1, 2, 3]) fanOut.deliver(entry(seq));
    fanOut.flush();
    fanOut.deliver(entry(4));
    fanOut.flush();
    expect(seat.seq).toBe(4);
    seat.dropQueued();
    expect(seat.seq).toBe(0);
    expect(seat.outbox.queuedBytes).toBe(0);
  });

  it('does not let much wait, however much a turn brings', () => {
    const fanOut = new FanOut();
    const { seat } = place();
    fanOut.add(seat);
    fanOut.deliver(entry(1, 'x'.repeat(40_000)));
    expect(seat.seq).toBe(1);
  });
});
