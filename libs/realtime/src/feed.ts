import type { BraneId, BraneMeta, Environment, Epoch, OpId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { RealtimeLimits } from './limits';
import type { LogPage, LogPages } from './log-pages';
import type { Log, LogSource, Position, RealtimeMetrics } from './ports';
import type { Seat } from './seat';
import type { Entry } from './shared-frame';
import type { EncodedSnapshot, Snapshots } from './snapshots';
import type { Tail } from './tail';

/** What a feed needs of the room. */
export interface FeedRoom {
  readonly braneId: BraneId;
  readonly epoch: Epoch;
  readonly seq: number;
  readonly meta: BraneMeta;
  readonly tail: Tail;
  /** Resolves when the room has followed the log to that head of the store; then it knows who may still be here (SYNC L6). */
  reach(head: Position): Promise<void>;
  notice(head: Position): void;
  /** The store has no such brane any more. */
  vanished(): void;
  /** The seat has all that the room has: live entries from now on. */
  goLive(seat: Seat): void;
}

export interface FeedDeps {
  readonly source: LogSource;
  readonly snapshots: Snapshots;
  readonly pages: LogPages;
  readonly environment: Pick<Environment, 'timers'>;
  readonly limits: RealtimeLimits;
  readonly metrics: RealtimeMetrics;
  readonly log: Log;
}

export interface JoinRequest {
  readonly inReplyTo?: string;
  readonly after?: Position;
  readonly pending: readonly OpId[];
}

/** Milliseconds between attempts while the store is away. */
const RETRY_MS = { first: 200, last: 2_000 };

/**
 * Brings one seat from where it is to where the room is: by a snapshot or by the log, as fast as its socket takes it, and
 * never beyond what the room itself has applied. The step into the live fan-out is one with the last entry, so nothing
 * falls between (SYNC R1).
 */
export class Feed {
  private running = false;
  /** The log behind a snapshot at or below this seq is gone. */
  private newerThan = -1;

  constructor(
    private readonly seat: Seat,
    private readonly room: FeedRoom,
    private readonly deps: FeedDeps,
  ) {}

  /** Answers a join with `brane.joined` and goes on by itself. Rejects when it could not; then nothing was sent. */
  async start(request: JoinRequest): Promise<void> {
    this.running = true;
    try {
      const replays = await this.startReplay(request);
      while (!replays && this.isFeeding() && !this.seat.announced) await this.sendSnapshot(request);
    } finally {
      this.running = false;
    }
    this.resume();
  }

  /** The seat is behind the room; unless it is being fed already. */
  resume(): void {
    if (!this.running && this.seat.announced) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    let failures = 0;
    while (this.isFeeding()) {
      try {
        await this.roomInOutbox();
        if (this.isFeeding()) await this.step();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.deps.log('warn', 'realtime.feed.failed', { brane_id: this.room.braneId, err: error });
        await this.pause(Math.min(RETRY_MS.last, RETRY_MS.first * 2 ** Math.min(failures - 1, 8)));
      }
    }
    this.running = false;
  }

  private async step(): Promise<void> {
    const { seat, room } = this;
    const behind = room.seq - seat.seq;
    if (seat.epoch !== room.epoch || behind < 0 || behind > this.deps.limits.catch_up_entries) {
      await this.sendSnapshot();
      return;
    }
    const recent = behind === 0 ? [] : room.tail.after(seat.seq);
    if (!recent) await this.sendPage();
    else if (this.push(recent)) room.goLive(seat);
  }

  /** False when a snapshot has to be sent instead. */
  private async startReplay({ after, inReplyTo, pending }: JoinRequest): Promise<boolean> {
    const { seat, room, deps } = this;
    if (!after || !this.isReplayable(after)) return false;
    let first = after.seq === room.seq ? [] : room.tail.after(after.seq);
    if (!first) {
      const slice = await this.readPage(after);
      if (slice.kind !== 'entries' || this.isTooMuch(slice)) return false;
      first = slice.entries;
    }
    const { seq, meta } = room;
    const committed = await this.committed(pending, seq);
    if (!this.isFeeding()) return true;
    if (!this.isReplayable(after)) return false;
    seat.startFrom(after);
    this.announce({ mode: 'replay', epoch: after.epoch, seq, meta, committed }, inReplyTo);
    deps.metrics.joined?.('replay', room.braneId, seat.occupant.userId);
    this.push(first);
    return true;
  }

  private isReplayable({ epoch, seq }: Position): boolean {
    const { room } = this;
    return epoch === room.epoch && seq <= room.seq && room.seq - seq <= this.deps.limits.replay_entries;
  }

  /** Judged by the entries that were read: a long way of large entries is longer than a snapshot. */
  private isTooMuch(slice: Extract<LogPage, { kind: 'entries' }>): boolean {
    const [first] = slice.entries;
    if (!first) return false;
    let bytes = 0;
    for (const entry of slice.entries) bytes += entry.cbor.byteLength;
    const distance = slice.head.seq - first.seq + 1;
    return (bytes / slice.entries.length) * distance > this.deps.limits.replay_bytes;
  }

  private async sendPage(): Promise<void> {
    const { seat, room } = this;
    const from: Position = { epoch: seat.epoch, seq: seat.seq };
    const slice = await this.readPage(from);
    if (!this.isFeeding() || seat.seq !== from.seq || seat.epoch !== from.epoch) return;
    switch (slice.kind) {
      case 'entries':
        if (slice.entries.length === 0) throw fail('internal', undefined, 'The log has a hole.');
        if (slice.head.seq > room.seq) room.notice(slice.head);
        this.push(slice.entries);
        return;
      case 'snapshot':
        this.newerThan = seat.seq;
        await this.sendSnapshot();
        return;
      case 'gone':
        room.vanished();
        return;
      default:
        slice satisfies never;
    }
  }

  private readPage(from: Position): Promise<LogPage> {
    return this.deps.pages.get(this.room.braneId, from);
  }

  /**
   * Queues entries as far as the room has come and the outbox has room. An entry that the room has not applied may be the
   * one that shows him out (SYNC L6). True when all that the room has was queued.
   */
  private push(entries: readonly Entry[]): boolean {
    const { seat, room } = this;
    for (const entry of entries) {
      if (entry.seq > room.seq) break;
      if (entry.seq <= seat.seq) continue;
      if (seat.outbox.isFull) return false;
      seat.deliver({ seq: entry.seq, entries: [entry], cbor: entry.cbor });
    }
    return seat.seq === room.seq;
  }

  private async sendSnapshot(request?: JoinRequest): Promise<void> {
    const { seat, room, deps } = this;
    const snapshot = await deps.snapshots.get(
      room.braneId,
      { epoch: room.epoch, seq: room.seq },
      this.newerThan,
    );
    if (!snapshot) throw fail('brane.not_found', { brane_id: room.braneId });
    await room.reach(snapshot);
    const committed = await this.committed(request?.pending ?? [], snapshot.seq);
    if (!this.isFeeding() || snapshot.epoch !== room.epoch) return;
    const { epoch, seq, meta } = snapshot;
    // It replaces what waits here of the log before it.
    seat.dropQueued();
    if (!request) committed.push(...seat.heldUpTo(snapshot));
    this.announce({ mode: 'snapshot', epoch, seq, meta, committed }, request?.inReplyTo);
    deps.metrics.joined?.('snapshot', room.braneId, seat.occupant.userId);
    seat.needsSync = true;
    if (await this.sendChunks(snapshot)) seat.startFrom(snapshot);
  }

  /** False when he left meanwhile. */
  private async sendChunks(snapshot: EncodedSnapshot): Promise<boolean> {
    for (const chunk of snapshot.chunks) {
      await this.roomInOutbox();
      if (!this.isFeeding()) return false;
      this.seat.tellEncoded(chunk.in(this.seat.outbox.format));
    }
    return true;
  }

  private announce(
    state: Position & { mode: 'snapshot' | 'replay'; meta: BraneMeta; committed: OpId[] },
    inReplyTo: string | undefined,
  ): void {
    const { seat, room } = this;
    seat.announced = true;
    seat.tell({
      type: 'brane.joined',
      ...(inReplyTo === undefined ? {} : { in_reply_to: inReplyTo }),
      brane_id: room.braneId,
      epoch: state.epoch,
      seq: state.seq,
      mode: state.mode,
      role: seat.role ?? 'guest',
      committed: state.committed,
      meta: state.meta,
    });
  }

  private async committed(pending: readonly OpId[], seq: number): Promise<OpId[]> {
    if (pending.length === 0) return [];
    return this.deps.source.committed(this.room.braneId, this.seat.occupant.userId, pending, seq);
  }

  private async roomInOutbox(): Promise<void> {
    for (let room = this.seat.outbox.room(); room; room = this.seat.outbox.room()) await room;
  }

  private isFeeding(): boolean {
    return this.seat.state === 'feeding';
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.deps.environment.timers.set(ms, resolve));
  }
}
