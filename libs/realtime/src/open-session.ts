import type { Committed } from '@state-server/commit';
import { type BraneId, type Environment, isMuted, type SessionId, type UserId } from '@state-server/domain';
import {
  type BraneAckFrame,
  type BraneJoinFrame,
  type BraneLeaveFrame,
  type ClientFrame,
  encodeFrame,
  fail,
  type FrameReference,
  type PresenceSetFrame,
  type ServerFrame,
  type SessionRefreshFrame,
  toSystemError,
} from '@state-server/protocol';
import type { Admission } from './admission';
import { EditQueue } from './edit-queue';
import { assertMayFrame } from './frame-rights';
import type { RealtimeLimits } from './limits';
import { commitMutation, type MutationFrame } from './mutation';
import type { Outbox } from './outbox';
import type { GatewayDeps, Identity, LogSource, Peer } from './ports';
import type { Room } from './room';
import type { Rooms } from './rooms';
import { assertReplaces } from './replaced-token';
import { type Occupant, type PutOut, Seat } from './seat';
import { TokenBucket } from './token-bucket';
import { unsupported } from './unsupported';

export interface OpenSessionDeps {
  readonly admission: Admission;
  readonly rooms: Rooms;
  readonly committer: GatewayDeps['committer'];
  readonly source: Pick<LogSource, 'putOut'>;
  readonly authenticate: GatewayDeps['authenticate'];
  readonly environment: Environment;
  readonly limits: RealtimeLimits;
  readonly isDraining: () => boolean;
}

interface Membership {
  readonly seat: Seat;
  readonly room: Room;
  readonly join: FrameReference;
  /** Whether he may be in the brane; never rejects. */
  readonly admitted: Promise<boolean>;
  /** Gives his place in the brane back. */
  readonly release: () => void;
}

/** What a client does once it has said who it is. Methods throw StateErrors, which answer the frame. */
export class OpenSession implements Occupant {
  private readonly memberships = new Map<BraneId, Membership>();
  /** Outlive a membership: numbers go on when a brane is left and joined again (SYNC I3). Absent for who only looks on. */
  private queues: Map<BraneId, EditQueue> | undefined;
  private readonly edits: TokenBucket;

  constructor(
    readonly sessionId: SessionId,
    public identity: Identity,
    readonly outbox: Outbox,
    private readonly peer: Peer,
    private readonly deps: OpenSessionDeps,
    private readonly refuse: (error: unknown, frame: FrameReference) => void,
  ) {
    const { limits, environment } = deps;
    this.edits = new TokenBucket(environment.clock, limits.edits_per_second, limits.edits_burst);
  }

  get userId(): UserId {
    return this.identity.user_id;
  }

  /** Edits that are not answered yet. */
  get openEdits(): number {
    let open = 0;
    for (const queue of this.queues?.values() ?? []) open += queue.open;
    return open;
  }

  handle(frame: Exclude<ClientFrame, { type: 'session.hello' }>): void {
    switch (frame.type) {
      case 'system.ping':
        this.tell({ type: 'system.pong', ...replyTo(frame), server_time: this.now() });
        return;
      case 'session.refresh':
        this.refresh(frame);
        return;
      case 'brane.join':
        this.join(frame);
        return;
      case 'brane.leave':
        this.leave(frame);
        return;
      case 'brane.edit':
      case 'brane.undo':
      case 'brane.redo':
        this.mutate(frame);
        return;
      case 'presence.set':
        this.setPresence(frame);
        return;
      case 'brane.interest':
      case 'action.invoke':
        throw unsupported(frame);
      default:
        frame satisfies never;
    }
  }

  /** An edit that could not be read: a final refusal uses its number up. Throws when it is not its number's turn. */
  spoiled({ braneId, clientSeq, again }: { braneId: BraneId; clientSeq: number; again: boolean }): void {
    const queue = this.queueOf(braneId);
    if (!queue) return;
    queue.check(clientSeq, again);
    queue.use(clientSeq);
  }

  lost(seat: Seat, reason: PutOut): void {
    const membership = this.memberships.get(seat.braneId);
    if (membership?.seat !== seat) return;
    this.forget(seat.braneId);
    if (seat.announced) this.tell({ type: 'brane.left', brane_id: seat.braneId, reason });
    else this.refuse(fail(reason === 'deleted' ? 'brane.deleted' : 'brane.not_found'), membership.join);
    if (reason === 'kicked' || reason === 'banned') this.tellWhy(seat.braneId, reason);
  }

  /** He is out at once; what whoever did it has to say comes when it is read. */
  private tellWhy(brane_id: BraneId, reason: 'kicked' | 'banned'): void {
    const { source } = this.deps;
    void source
      .putOut?.(brane_id, this.userId, reason === 'kicked' ? 'kick' : 'ban')
      .then((found) => {
        if (found) this.tell(toSystemError(fail(`brane.${reason}`, { brane_id, ...found })));
      })
      .catch(() => undefined);
  }

  /** More is queued than may be: branes go over to catching up, the heaviest first. False when that is not enough. */
  thin(): boolean {
    while (this.outbox.queuedBytes > this.deps.limits.outbox_bytes) {
      const heaviest = this.outbox.heaviest();
      const membership = [...this.memberships.values()].find(({ seat }) => seat === heaviest);
      if (!membership) return this.outbox.queuedBytes <= this.deps.limits.outbox_most_bytes;
      membership.room.fallBehind(membership.seat);
    }
    return true;
  }

  /** The socket takes frames again. */
  recovered(): void {
    for (const { seat } of this.memberships.values()) seat.recovered();
  }

  close(): void {
    const memberships = [...this.memberships.values()];
    this.memberships.clear();
    for (const { seat, room, release } of memberships) {
      release();
      room.leave(seat);
    }
  }

  private join(frame: BraneJoinFrame): void {
    const { limits, rooms } = this.deps;
    assertMayFrame(this.identity, frame.type);
    if (frame.interest) throw unsupported(frame);
    const { guest } = this.identity;
    // Whatever else there is: to a guest it is not (GUEST-5).
    if (guest && guest.brane_id !== frame.brane_id)
      throw fail('brane.not_found', { brane_id: frame.brane_id });
    if (this.memberships.has(frame.brane_id)) {
      throw fail('brane.already_joined', { brane_id: frame.brane_id });
    }
    if (this.memberships.size >= limits.branes_per_session) {
      throw fail('brane.too_many_joined', { max: limits.branes_per_session });
    }
    const room = rooms.enter(frame.brane_id);
    // The room's own text of the id, not the frame's: that would hold the whole message as long as he is here.
    const { braneId } = room;
    const release = this.deps.admission.enterBrane(braneId);
    const seat = new Seat(braneId, this);
    let admit: (isAdmitted: boolean) => void = () => undefined;
    const admitted = new Promise<boolean>((resolve) => (admit = resolve));
    const join = frame.id === undefined ? { brane_id: braneId } : { id: frame.id, brane_id: braneId };
    this.memberships.set(braneId, { seat, room, join, admitted, release });
    const request = {
      ...(frame.id === undefined ? {} : { inReplyTo: frame.id }),
      ...(frame.after ? { after: frame.after } : {}),
      pending: frame.pending ?? [],
    };
    room
      .join(seat, request, () => admit(true))
      .catch((error: unknown) => this.notJoined(seat, frame, error))
      .finally(() => admit(false));
  }

  private notJoined(seat: Seat, frame: BraneJoinFrame, error: unknown): void {
    // Left meanwhile: nobody waits for the answer.
    const membership = this.memberships.get(frame.brane_id);
    if (membership?.seat !== seat) return;
    membership.release();
    this.memberships.delete(frame.brane_id);
    if (this.queues?.get(frame.brane_id)?.isUnused === true) this.queues.delete(frame.brane_id);
    this.refuse(error, frame);
  }

  private leave(frame: BraneLeaveFrame): void {
    const { seat, room } = this.membership(frame.brane_id);
    this.forget(frame.brane_id);
    room.leave(seat);
    // Who does not ask is not told: to him it would look like being put out of the brane that he joins again.
    if (frame.id !== undefined) {
      this.tell({ type: 'brane.left', in_reply_to: frame.id, brane_id: frame.brane_id, reason: 'left' });
    }
  }

  private mutate(frame: MutationFrame): void {
    const { brane_id: braneId, client_seq: clientSeq } = frame;
    const queue = this.queueOf(braneId);
    if (!queue) throw fail('brane.not_joined', { brane_id: braneId });
    queue.check(clientSeq, frame.again === true);
    if (this.deps.isDraining()) throw fail('gateway.draining');
    const membership = this.memberships.get(braneId);
    this.deps.admission.takeEdit(this.edits, {
      userId: this.userId,
      address: this.peer.network ?? this.peer.address,
      braneId: membership?.room.braneId,
    });
    if (!membership) {
      queue.use(clientSeq);
      throw fail('brane.not_joined', { brane_id: braneId });
    }
    queue.add({
      clientSeq,
      run: async () => {
        // A final refusal, which uses the number up (SYNC I3).
        assertMayFrame(this.identity, frame.type);
        if (!(await membership.admitted)) throw fail('brane.not_joined', { brane_id: braneId });
        this.acknowledge(frame, await commitMutation(this.deps.committer, this.identity, frame));
      },
      refuse: (error) => this.refuse(error, frame),
    });
  }

  /** Undefined where he never was. */
  private queueOf(braneId: BraneId): EditQueue | undefined {
    const known = this.queues?.get(braneId);
    const membership = this.memberships.get(braneId);
    if (known || !membership) return known;
    const queue = new EditQueue(this.deps.limits);
    (this.queues ??= new Map()).set(membership.room.braneId, queue);
    return queue;
  }

  /** Out of the brane; what he has sent to it meanwhile still uses up its numbers (SYNC I3). */
  private forget(braneId: BraneId): void {
    this.queueOf(braneId);
    this.memberships.get(braneId)?.release();
    this.memberships.delete(braneId);
  }

  private acknowledge(frame: MutationFrame, { epoch, seq, skipped, replayed }: Committed): void {
    const ack: BraneAckFrame = {
      type: 'brane.ack',
      ...replyTo(frame),
      brane_id: frame.brane_id,
      op_id: frame.op_id,
      epoch,
      seq,
      ...(skipped === undefined ? {} : { skipped: [...skipped] }),
    };
    const membership = this.memberships.get(frame.brane_id);
    if (!membership?.seat.announced) {
      this.tell(ack);
      return;
    }
    membership.seat.acknowledge(ack, replayed);
    membership.room.notice({ epoch, seq });
  }

  private setPresence(frame: PresenceSetFrame): void {
    const { seat, room } = this.membership(frame.brane_id);
    if (!seat.announced) throw fail('brane.not_joined', { brane_id: frame.brane_id });
    if (isMuted(room.meta, this.userId)) {
      throw fail('permission.denied', { brane_id: frame.brane_id }, 'You are muted in this brane.');
    }
    room.presence.set(this.sessionId, this.userId, frame.state);
  }

  private refresh(frame: SessionRefreshFrame): void {
    this.deps
      .authenticate({ token: frame.token }, this.peer)
      .then((identity) => {
        assertReplaces(this.identity, identity);
        this.identity = identity;
        const expires_at = new Date(identity.expires_at).toISOString();
        this.tell({ type: 'session.refreshed', ...replyTo(frame), expires_at });
      })
      .catch((error: unknown) => this.refuse(error, frame));
  }

  private membership(braneId: BraneId): Membership {
    const membership = this.memberships.get(braneId);
    if (!membership) throw fail('brane.not_joined', { brane_id: braneId });
    return membership;
  }

  private tell(frame: ServerFrame): void {
    this.outbox.push(encodeFrame(frame, this.outbox.format));
  }

  private now(): string {
    return new Date(this.deps.environment.clock.now()).toISOString();
  }
}

function replyTo({ id }: FrameReference): { in_reply_to?: string } {
  return id === undefined ? {} : { in_reply_to: id };
}
