import type { BraneId, Epoch, OpId, SessionId, Standing, UserId } from '@state-server/domain';
import { type BraneAckFrame, encodeFrame, type ServerFrame } from '@state-server/protocol';
import type { Outbox, Tag } from './outbox';
import type { Position } from './ports';
import { MissedPresence, type PresenceUpdate } from './presence-update';
import type { Bundle } from './shared-frame';

/**
 * - `opening`: the brane is being opened, and whether he may see it is not known yet;
 * - `feeding`: he gets a snapshot or the log, and follows from there; live entries are not queued for him;
 * - `live`: every entry of the room is queued for him as it comes;
 * - `gone`: he has left or was put out.
 */
export type SeatState = 'opening' | 'feeding' | 'live' | 'gone';

/** Why the room puts somebody out. */
export type PutOut = 'removed' | 'deleted' | 'kicked' | 'banned';

/** Whose seat it is. */
export interface Occupant {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly outbox: Outbox;
  /** The room has put him out; the seat is gone already. */
  lost(seat: Seat, reason: PutOut): void;
}

type OpsTag = Extract<Tag, { kind: 'ops' }>;

interface HeldAck extends Position {
  readonly op_id: OpId;
  readonly frame: Uint8Array | string;
}

const NOWHERE = '' as Epoch;

/** One session in one brane: what it has been sent, and what waits for that. */
export class Seat {
  state: SeatState = 'opening';
  role: Standing | undefined;
  /** `brane.joined` was queued: from then on the client is told what changes. */
  announced = false;
  /** He counts as one of the people in the brane. */
  isCounted = false;
  /** Its place in the FanOut; -1 when it is not in it. */
  liveIndex = -1;
  /** `brane.synced` is owed. */
  needsSync = true;
  /** All up to here was handed to the outbox. */
  epoch: Epoch = NOWHERE;
  seq = 0;
  private missed: MissedPresence | undefined;
  private acks: HeldAck[] = [];
  private opsTag: OpsTag = { owner: this, kind: 'ops', entries: 1 };

  constructor(
    readonly braneId: BraneId,
    readonly occupant: Occupant,
  ) {}

  /** As it is now, whatever a check before an await has said. */
  get isGone(): boolean {
    return this.state === 'gone';
  }

  get outbox(): Outbox {
    return this.occupant.outbox;
  }

  /** The next entries after `seq`. */
  deliver({ seq, entries, cbor }: Bundle): void {
    const { outbox } = this.occupant;
    this.seq = seq;
    if (outbox.format === 'cbor') outbox.push(cbor, this.tagOf(entries.length));
    else for (const entry of entries) outbox.push(entry.json, this.tagOf(1));
    if (this.acks.length > 0) this.releaseAcks();
  }

  /** About this brane; taken back when he is put out before it was written. */
  tell(frame: ServerFrame): void {
    this.tellEncoded(encodeFrame(frame, this.outbox.format));
  }

  tellEncoded(frame: Uint8Array | string): void {
    this.outbox.push(frame, { owner: this, kind: 'control' });
  }

  /** The client has, or was given by a snapshot, all up to here; it knows it by the next entry or by `brane.synced`. */
  startFrom(position: Position): void {
    this.epoch = position.epoch;
    this.seq = position.seq;
    // Acks of an epoch that is over have nothing to wait for any more.
    this.acks = this.acks.map((ack) =>
      ack.epoch === this.epoch ? ack : { ...ack, epoch: this.epoch, seq: 0 },
    );
  }

  sync(): void {
    if (!this.needsSync) return;
    this.needsSync = false;
    const frame = { type: 'brane.synced', brane_id: this.braneId, epoch: this.epoch, seq: this.seq } as const;
    this.outbox.push(encodeFrame(frame, this.outbox.format), { owner: this, kind: 'synced' });
    this.releaseAcks();
  }

  /** Now if the client knows of its entry by what was handed to the outbox, otherwise right behind that (SYNC R4). */
  acknowledge(ack: BraneAckFrame, replayed: boolean): void {
    const { epoch, seq, op_id } = ack;
    const held = { epoch, seq, op_id, frame: encodeFrame(ack, this.outbox.format) };
    const waits = epoch === this.epoch ? seq > this.seq || this.needsSync : !replayed;
    if (this.state !== 'gone' && waits) this.acks.push(held);
    else this.pushAck(held);
  }

  /** Op ids of acks that wait for entries up to here: a snapshot of that moment holds them (SYNC R4). */
  heldUpTo({ epoch, seq }: Position): OpId[] {
    return this.acks.filter((ack) => ack.epoch === epoch && ack.seq <= seq).map(({ op_id }) => op_id);
  }

  /** Takes back the entries that are queued and not written; the log has them. */
  dropQueued(): void {
    const dropped = this.outbox.remove(
      ({ owner, kind }) => owner === this && (kind === 'ops' || kind === 'synced'),
    );
    for (const { tag } of dropped) {
      if (tag.kind === 'synced') this.needsSync = true;
      else if (tag.kind === 'ops') this.seq -= tag.entries;
    }
    const acks = this.outbox.remove((tag) => tag.owner === this && tag.kind === 'ack' && tag.seq > this.seq);
    for (const { tag, frame } of acks) {
      if (tag.kind === 'ack') this.acks.push({ epoch: this.epoch, seq: tag.seq, op_id: tag.op_id, frame });
    }
  }

  /** What a slow socket misses of presence is kept from now on, latest only. */
  keepPresence(): void {
    this.missed ??= new MissedPresence();
  }

  presence(update: PresenceUpdate): void {
    const { sessionId, outbox } = this.occupant;
    if (this.state === 'live' && outbox.congested) this.keepPresence();
    if (this.missed) {
      this.missed.add(update, sessionId);
      return;
    }
    if (this.state !== 'live') return;
    const frame = update.frameFor(sessionId, outbox.format);
    if (frame !== undefined) outbox.push(frame, { owner: this, kind: 'presence' });
  }

  /** Goes live: what he has missed, or all of it when he knows nothing yet. */
  catchUpPresence(all: () => Uint8Array | string | undefined): void {
    const frame = this.missed ? this.missed.frame(this.braneId, this.outbox.format) : all();
    this.missed = undefined;
    if (frame !== undefined) this.outbox.push(frame, { owner: this, kind: 'presence' });
  }

  /** The socket takes frames again. */
  recovered(): void {
    if (this.state === 'live' && this.missed) this.catchUpPresence(() => undefined);
  }

  /**
   * Out of the brane: nothing of it leaves the outbox any more (SYNC L6), but what was acknowledged is: it is durable,
   * whether he may see it or not.
   */
  leave(): void {
    if (this.state === 'gone') return;
    this.state = 'gone';
    this.outbox.remove(({ owner, kind }) => owner === this && kind !== 'ack');
    this.releaseAcks(() => true);
  }

  /** Mostly the same as the last time. */
  private tagOf(entries: number): Tag {
    if (this.opsTag.entries !== entries) this.opsTag = { owner: this, kind: 'ops', entries };
    return this.opsTag;
  }

  private releaseAcks(also: (ack: HeldAck) => boolean = () => false): void {
    if (this.acks.length === 0) return;
    const due = (ack: HeldAck): boolean => (ack.epoch === this.epoch && ack.seq <= this.seq) || also(ack);
    const released = this.acks.filter(due);
    this.acks = this.acks.filter((ack) => !due(ack));
    for (const ack of released) this.pushAck(ack);
  }

  private pushAck({ seq, op_id, frame }: HeldAck): void {
    this.outbox.pushSoon(frame, { owner: this, kind: 'ack', seq, op_id });
  }
}
