import type { BraneMessage, BraneView, LogRange, LogSlice } from '@state-server/commit';
import { asEpoch, type Epoch } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import { buildWorld, createFakeEnvironment, nextInt, seededRandom } from '@state-server/testing';
import fc from 'fast-check';
import { LogFollower } from './log-follower';

const LIMITS = { hole_ms: 20, held_entries: 100, log_page_entries: 7, log_page_bytes: 1_000_000 };
const EPOCH = asEpoch('first');

/** A log that the test writes, and a follower of it that was opened at `start`. */
function bench(start = 0, limits: Partial<typeof LIMITS> = {}) {
  const environment = createFakeEnvironment();
  const world = buildWorld(environment.ids);
  const log = { epoch: EPOCH, seq: start, floor: 1, away: false, gone: false };
  const reads: number[] = [];
  const message = (seq: number, epoch: Epoch = log.epoch): BraneMessage => ({
    epoch,
    seq,
    frame: new Uint8Array(1),
  });
  const readLog = (range: LogRange): LogSlice => {
    const head = { epoch: log.epoch, seq: log.seq };
    if (log.gone) return { kind: 'gone' };
    if (range.epoch !== log.epoch) return { kind: 'snapshot', head, reason: 'epoch' };
    if (range.after + 1 < log.floor) return { kind: 'snapshot', head, reason: 'below_floor' };
    const entries: BraneMessage[] = [];
    for (let seq = range.after + 1; seq <= log.seq && entries.length < range.limit; seq += 1)
      entries.push(message(seq));
    return { kind: 'entries', head, entries };
  };
  const seen: number[] = [];
  const told: string[] = [];
  const follower = new LogFollower(
    world.braneId,
    { epoch: EPOCH, seq: start },
    {
      log: async (_id, range) => {
        reads.push(range.after);
        if (log.away) throw fail('dependency.unavailable');
        return readLog(range);
      },
      brane: async () => {
        if (log.away) throw fail('dependency.unavailable');
        return log.gone ? undefined : ({ head: { epoch: log.epoch, seq: log.seq } } as BraneView);
      },
    },
    environment.timers,
    { ...LIMITS, ...limits },
    {
      entry: (entry) => seen.push(entry.seq),
      filled: (entries) => told.push(`filled ${entries}`),
      restarted: (view) => told.push(`restarted at ${view.head.epoch} ${view.head.seq}`),
      gone: () => {
        told.push('gone');
        follower.stop();
      },
      failed: () => told.push('failed'),
    },
  );
  return { environment, follower, log, message, reads, seen, told };
}

const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('following a log (R5)', () => {
  it('passes on what comes in order, without a read', async () => {
    const { environment, follower, log, message, seen, reads } = bench();
    log.seq = 3;
    for (const seq of [1, 2, 3]) follower.receive(message(seq));
    await environment.advance(1_000);
    expect(seen).toEqual([1, 2, 3]);
    expect(reads).toEqual([]);
  });

  it('drops doubles, and puts in order what overtook within 20 ms', async () => {
    const { environment, follower, log, message, seen, reads } = bench();
    log.seq = 4;
    for (const seq of [2, 4, 2, 3]) follower.receive(message(seq));
    await environment.advance(19);
    expect(seen).toEqual([]);
    follower.receive(message(1));
    follower.receive(message(1));
    await environment.advance(1_000);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(reads).toEqual([]);
  });

  it('lets a hole wait 20 ms, then fills it from the log by one read at a time', async () => {
    const { environment, follower, log, message, seen, reads, told } = bench();
    log.seq = 5;
    follower.receive(message(5));
    follower.receive(message(3));
    await environment.advance(19);
    expect(reads).toEqual([]);
    await environment.advance(1);
    expect(reads).toEqual([0]);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(told).toEqual(['filled 3']);
  });

  it('reads page by page as far as it was told', async () => {
    const { environment, follower, log, seen, reads } = bench();
    log.seq = 16;
    follower.notice({ epoch: EPOCH, seq: 16 });
    await environment.advance(20);
    expect(reads).toEqual([0, 7, 14]);
    expect(seen).toEqual(upTo(16));
  });

  it('finds the lost last message by an announced head', async () => {
    const { environment, follower, log, message, seen } = bench();
    log.seq = 2;
    follower.receive(message(1));
    follower.notice({ epoch: EPOCH, seq: 1 });
    follower.notice({ epoch: EPOCH, seq: 2 });
    await environment.advance(20);
    expect(seen).toEqual([1, 2]);
  });

  it('does not believe in a head that the store does not have', async () => {
    const { environment, follower, seen, reads, told } = bench(4);
    follower.notice({ epoch: EPOCH, seq: 9 });
    await environment.advance(5_000);
    expect(seen).toEqual([]);
    expect(reads).toEqual([4]);
    expect(told).toEqual([]);
    await expect(
      Promise.all([follower.reach({ epoch: EPOCH, seq: 9 }), environment.advance(1)]),
    ).rejects.toMatchObject({
      code: 'dependency.unavailable',
    });
  });

  it('reaches a head of the store at once, without waiting for the bus', async () => {
    const { environment, follower, log, seen } = bench();
    log.seq = 9;
    const reached = follower.reach({ epoch: EPOCH, seq: 9 });
    await environment.settle();
    await reached;
    expect(seen).toEqual(upTo(9));
    await follower.reach({ epoch: EPOCH, seq: 3 });
  });

  it('starts anew in another epoch, once the store has confirmed it (L3)', async () => {
    const { environment, follower, log, message, seen, told } = bench(5);
    follower.receive(message(1, asEpoch('stray')));
    await environment.advance(20);
    expect(told).toEqual([]);
    Object.assign(log, { epoch: asEpoch('second'), seq: 3 });
    follower.receive(message(3));
    await environment.advance(20);
    expect(told).toEqual(['restarted at second 3']);
    log.seq = 4;
    follower.receive(message(4));
    expect(seen).toEqual([4]);
  });

  it('starts anew when the entries in the hole are gone (R3)', async () => {
    const { environment, follower, log, message, told } = bench(5);
    Object.assign(log, { seq: 20, floor: 15 });
    follower.receive(message(20));
    await environment.advance(20);
    expect(told).toEqual(['restarted at first 20']);
    expect(follower.seq).toBe(20);
  });

  it('starts anew when it is told that what it knows does not fit', async () => {
    const { environment, follower, log, told } = bench(5);
    log.seq = 8;
    follower.restartSoon();
    await environment.advance(1);
    expect(told).toEqual(['restarted at first 8']);
  });

  it('goes on trying while the store is away, and tells whoever waits (F3)', async () => {
    const { environment, follower, log, message, seen, told } = bench();
    Object.assign(log, { seq: 2, away: true });
    follower.receive(message(2));
    await environment.advance(500);
    expect(told).toContain('failed');
    const waiting = follower.reach({ epoch: EPOCH, seq: 2 });
    const refused = expect(waiting).rejects.toMatchObject({ code: 'dependency.unavailable' });
    await environment.advance(5_000);
    await refused;
    log.away = false;
    await environment.advance(2_000);
    expect(seen).toEqual([1, 2]);
  });

  it('says that the brane is gone, and is still then', async () => {
    const { environment, follower, log, message, told } = bench();
    Object.assign(log, { seq: 3, gone: true });
    follower.receive(message(3));
    await environment.advance(10_000);
    expect(told).toEqual(['gone']);
    expect(environment.pendingTimers).toBe(0);
  });

  it('keeps only so many messages ahead of a hole, and misses none for it', async () => {
    const { environment, follower, log, message, seen } = bench(0, { held_entries: 3 });
    log.seq = 30;
    for (let seq = 30; seq >= 2; seq -= 1) follower.receive(message(seq));
    await environment.advance(100);
    expect(seen).toEqual(upTo(30));
  });

  it('passes on every entry once and in order, whatever the bus loses, doubles and reorders', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 40 }), async (seed, entries) => {
        const random = seededRandom(seed);
        const { environment, follower, log, message, seen } = bench();
        const onTheWay: number[] = [];
        for (let seq = 1; seq <= entries; seq += 1) {
          log.seq = seq;
          for (let copies = nextInt(random, 3); copies > 0; copies -= 1) onTheWay.push(seq);
          while (onTheWay.length > 0 && random.next() < 0.6) {
            const [late = seq] = onTheWay.splice(nextInt(random, onTheWay.length), 1);
            follower.receive(message(late));
          }
          if (random.next() < 0.3) await environment.advance(nextInt(random, 30));
        }
        follower.notice({ epoch: EPOCH, seq: entries });
        await environment.advance(50);
        for (const late of onTheWay) follower.receive(message(late));
        expect(seen).toEqual(upTo(entries));
      }),
      { numRuns: 60 },
    );
  });
});
