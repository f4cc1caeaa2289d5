import { type BraneMessage, type BraneView, decodeBraneMessages } from '@state-server/commit';
import type { BraneId, BraneMeta, Environment, Epoch, Standing, TimerHandle } from '@state-server/domain';
import { type Bus, channels, type Subscription } from '@state-server/messaging-port';
import { fail } from '@state-server/protocol';
import { metaAfter, roleFor } from './access';
import { Crowd } from './crowd';
import { FanOut } from './fan-out';
import { Feed, type FeedDeps, type FeedRoom, type JoinRequest } from './feed';
import { HeadClock } from './head-clock';
import { LogFollower } from './log-follower';
import type { People, Position } from './ports';
import { Presence } from './presence';
import { type Promoted, reviewSeats } from './review-seats';
import type { PutOut, Seat } from './seat';
import type { Entry } from './shared-frame';
import { Tail } from './tail';

export interface RoomDeps extends FeedDeps {
  readonly bus: Bus;
  readonly people?: People | undefined;
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  /** Nobody has been here for `room_linger_ms`, or the brane is gone: to be closed. */
  readonly onIdle: (room: Room) => void;
}

/** One brane on one gateway: follows its log, knows who may be here, and hands every entry to every live seat. */
export class Room implements FeedRoom {
  readonly tail: Tail;
  readonly presence: Presence;
  /** Resolves when the room follows the log; rejects when it could not begin to. */
  readonly opened: Promise<void>;
  private state: { readonly follower: LogFollower; meta: BraneMeta } | undefined;
  /** What came in before the head was read. */
  private early: BraneMessage[] = [];
  private readonly fanOut = new FanOut();
  private readonly seats = new Map<Seat, Feed>();
  private readonly headClock: HeadClock;
  private subscriptions: Subscription[] = [];
  private lingering: TimerHandle | undefined;
  private readonly crowd: Crowd;
  private joining = 0;
  private closed = false;

  constructor(
    readonly braneId: BraneId,
    private readonly deps: RoomDeps,
  ) {
    const { environment, limits, bus } = deps;
    this.headClock = new HeadClock(environment.clock, limits);
    this.tail = new Tail(limits.tail_entries, limits.tail_bytes);
    this.presence = new Presence(braneId, {
      environment,
      limits,
      publish: (payload) => bus.publish(channels.presence(braneId), payload),
      broadcast: (update) => {
        for (const seat of this.seats.keys()) seat.presence(update);
      },
    });
    this.crowd = new Crowd(braneId, deps.people);
    this.opened = this.open();
  }

  get epoch(): Epoch {
    return this.mustBeOpen().follower.epoch;
  }

  get seq(): number {
    return this.mustBeOpen().follower.seq;
  }

  get meta(): BraneMeta {
    return this.mustBeOpen().meta;
  }

  get size(): number {
    return this.seats.size;
  }

  /** Answers the join and feeds the seat from then on. Rejects with the reason why not, before anything was answered. */
  async join(seat: Seat, request: JoinRequest, admitted: () => void): Promise<void> {
    this.joining += 1;
    this.stay();
    try {
      await this.opened;
      await this.reachHead();
      if (seat.state === 'gone') return;
      // Who may not come in is told that, and not how full it is.
      roleFor(this.meta, seat.occupant.userId);
      await this.crowd.enter(seat, this.meta);
      if (seat.isGone) {
        this.crowd.leave(seat);
        return;
      }
      this.admit(seat);
      const feed = new Feed(seat, this, this.deps);
      this.seats.set(seat, feed);
      admitted();
      await feed.start(request);
    } catch (error) {
      this.remove(seat);
      throw error;
    } finally {
      this.joining -= 1;
      this.linger();
    }
  }

  /** At his own wish, or because his session is over. */
  leave(seat: Seat): void {
    this.remove(seat);
    this.linger();
  }

  /** The socket does not take what the seat is sent: it follows by the log, when it can. */
  fallBehind(seat: Seat): void {
    this.deps.metrics.fellBehind?.();
    seat.dropQueued();
    this.feedAgain(seat);
  }

  receive(message: BraneMessage): void {
    this.headClock.heard(true);
    if (this.state) this.state.follower.receive(message);
    else if (this.early.length < this.deps.limits.held_entries) this.early.push(message);
  }

  /** A head that some writer announced (SYNC R5). */
  notice(head: Position): void {
    const { state } = this;
    this.headClock.heard(state !== undefined && (head.epoch !== this.epoch || head.seq > this.seq));
    state?.follower.notice(head);
  }

  reach(head: Position): Promise<void> {
    return this.mustBeOpen().follower.reach(head);
  }

  /** The head as it was read just now; undefined: there is none. */
  headRead(head: Position | undefined): void {
    this.headClock.read();
    if (!this.state) return;
    if (!head) this.vanished();
    // The follower tells of a failure, and tries again.
    else this.state.follower.reach(head).catch(() => undefined);
  }

  get isHeadDue(): boolean {
    return this.state !== undefined && this.headClock.isDue();
  }

  vanished(): void {
    for (const seat of [...this.seats.keys()]) this.putOut(seat, 'deleted');
    this.deps.onIdle(this);
  }

  goLive(seat: Seat): void {
    const { sessionId, outbox } = seat.occupant;
    seat.state = 'live';
    this.fanOut.add(seat);
    seat.sync();
    seat.catchUpPresence(() => this.presence.frameOfAll(sessionId, outbox.format));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stay();
    for (const seat of [...this.seats.keys()]) this.remove(seat);
    this.presence.stop();
    this.state?.follower.stop();
    this.unsubscribe();
    this.tail.clear();
    this.deps.snapshots.forget(this.braneId);
    this.deps.pages.forget(this.braneId);
  }

  /** Subscribes before it reads the head, so that nothing can fall between (SYNC R1). */
  private async open(): Promise<void> {
    const { bus, source, environment, limits } = this.deps;
    this.subscriptions = await Promise.all([
      bus.subscribe(channels.brane(this.braneId), (payload) => this.payload(payload)),
      bus.subscribe(channels.presence(this.braneId), (payload) => this.presence.receive(payload)),
    ]);
    const view = this.closed ? undefined : await source.brane(this.braneId);
    if (this.closed) this.unsubscribe();
    if (!view || this.closed) throw fail('brane.not_found', { brane_id: this.braneId });
    const follower = new LogFollower(this.braneId, view.head, source, environment.timers, limits, {
      entry: (entry) => this.entry(entry),
      filled: (entries) => {
        this.deps.metrics.gapFilled?.(entries);
        this.review();
      },
      restarted: (now) => this.restarted(now),
      gone: () => this.vanished(),
      failed: (error) =>
        this.deps.log('warn', 'realtime.log.unreadable', { brane_id: this.braneId, err: error }),
    });
    this.state = { follower, meta: view.meta };
    for (const message of this.early) follower.receive(message);
    this.early = [];
    this.presence.introduce();
  }

  private payload(payload: Uint8Array): void {
    for (const message of decodeBraneMessages(payload)) this.receive(message);
  }

  /** Whoever joins sees all that was durable when he asked, and is judged by it. */
  private async reachHead(): Promise<void> {
    const [head] = await this.deps.source.heads([this.braneId]);
    if (!head) throw fail('brane.not_found', { brane_id: this.braneId });
    this.headClock.read();
    await this.reach(head);
  }

  private admit(seat: Seat): void {
    seat.role = roleFor(this.meta, seat.occupant.userId);
    seat.state = 'feeding';
  }

  private entry(entry: Entry): void {
    const { state } = this;
    if (!state) return;
    const before = state.meta;
    const after = metaAfter(before, entry.cbor);
    if (!after) state.follower.restartSoon();
    else state.meta = after;
    // Whoever may no longer see the brane goes before he is sent what comes next (SYNC L6).
    const promoted = after && after !== before ? this.review(before) : [];
    this.tail.push(entry);
    this.fanOut.deliver(entry);
    this.deps.metrics.delivered?.(this.fanOut.size);
    if (promoted.length > 0) this.fanOut.flush();
    for (const { seat, role } of promoted) this.tellRole(seat, role);
  }

  /** Puts out who may not be here; answers whose role is another now. */
  private review(before: BraneMeta = this.meta): readonly Promoted[] {
    const { out, muted, promoted } = reviewSeats(this.seats.keys(), this.meta, before);
    for (const { occupant } of muted) this.presence.drop(occupant.sessionId);
    for (const { seat, reason } of out) this.putOut(seat, reason);
    return promoted;
  }

  private tellRole(seat: Seat, role: Standing): void {
    if (seat.announced && seat.state !== 'gone')
      seat.tell({ type: 'brane.role', brane_id: this.braneId, role });
  }

  /** What was between is unknown or of another epoch: everybody gets the state anew (SYNC L3). */
  private restarted(view: BraneView): void {
    if (!this.state) return;
    this.fanOut.flush();
    const before = this.state.meta;
    this.state.meta = view.meta;
    this.tail.clear();
    for (const { seat, role } of this.review(before)) this.tellRole(seat, role);
    for (const seat of this.seats.keys()) this.feedAgain(seat);
  }

  private feedAgain(seat: Seat): void {
    if (seat.state === 'live') {
      this.fanOut.remove(seat);
      seat.state = 'feeding';
      seat.keepPresence();
    }
    this.seats.get(seat)?.resume();
  }

  private putOut(seat: Seat, reason: PutOut): void {
    this.remove(seat);
    seat.occupant.lost(seat, reason);
    this.linger();
  }

  private remove(seat: Seat): void {
    this.fanOut.remove(seat);
    this.crowd.leave(seat);
    if (this.seats.delete(seat)) this.presence.drop(seat.occupant.sessionId);
    seat.leave();
  }

  private linger(): void {
    if (this.closed || this.joining > 0 || this.seats.size > 0) return;
    const { environment, limits } = this.deps;
    this.lingering ??= environment.timers.set(limits.room_linger_ms, () => this.deps.onIdle(this));
  }

  private stay(): void {
    if (this.lingering !== undefined) this.deps.environment.timers.clear(this.lingering);
    this.lingering = undefined;
  }

  private unsubscribe(): void {
    for (const subscription of this.subscriptions) void subscription.unsubscribe();
    this.subscriptions = [];
  }

  private mustBeOpen(): { readonly follower: LogFollower; meta: BraneMeta } {
    if (!this.state) throw new Error('the room is not open yet');
    return this.state;
  }
}
