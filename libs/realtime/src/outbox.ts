import type { Clock, OpId } from '@state-server/domain';
import type { WireFormat } from '@state-server/protocol';
import type { Socket } from './ports';
import type { WriteSchedule, Writer } from './write-schedule';

/** What a queued frame is, for those that may have to be taken out again. */
export type Tag =
  | { readonly owner: object; readonly kind: 'synced' | 'control' | 'presence' }
  /** `entries`: so many log entries are in the frame. */
  | { readonly owner: object; readonly kind: 'ops'; readonly entries: number }
  /** `seq`: the entry that it must not overtake (SYNC R4). */
  | { readonly owner: object; readonly kind: 'ack'; readonly seq: number; readonly op_id: OpId };

export interface Removed {
  readonly tag: Tag;
  readonly frame: Uint8Array | string;
}

export interface OutboxLimits {
  readonly write_bytes: number;
  readonly socket_bytes: number;
  readonly outbox_bytes: number;
  readonly stuck_ms: number;
}

export interface OutboxEvents {
  /** More is queued than may be, and the socket takes nothing: something has to be taken out (`remove`). */
  overflow(): void;
  /** The socket takes frames again after it did not. */
  recovered(): void;
  /** It has taken nothing for `stuck_ms`. */
  stuck(): void;
  wrote(bytes: number, frames: number): void;
}

/** The frames that wait for one socket. Bounded in bytes: what is full says so and is thinned by its session. */
export class Outbox implements Writer {
  private frames: (Uint8Array | string)[] = [];
  private tags: (Tag | undefined)[] = [];
  private bytes = 0;
  private scheduled = false;
  /** Writes since the last tick that did not wait for it. */
  private hurried = 0;
  private congestedSince: number | undefined;
  private lastBuffered = 0;
  private closed = false;
  private waiting: (() => void)[] = [];

  constructor(
    readonly format: WireFormat,
    private readonly socket: Socket,
    private readonly schedule: WriteSchedule,
    private readonly clock: Clock,
    private readonly limits: OutboxLimits,
    private readonly events: OutboxEvents,
  ) {}

  /** Bytes (for text: characters) that are queued here. */
  get queuedBytes(): number {
    return this.bytes;
  }

  /** The socket does not take what it is given: what can be left out should be. */
  get congested(): boolean {
    return this.congestedSince !== undefined;
  }

  /** Nothing more should be queued that can wait. */
  get isFull(): boolean {
    return this.congested || this.bytes >= this.limits.outbox_bytes / 2;
  }

  push(frame: Uint8Array | string, tag?: Tag): void {
    this.queue(frame, tag, 0);
  }

  /** For what follows closely on what was just written, as an ack on its entry: does not wait for the tick, once per tick. */
  pushSoon(frame: Uint8Array | string, tag?: Tag): void {
    this.queue(frame, tag, 1);
  }

  /** Resolves when more can be queued without filling up; at once mostly. Also when the outbox is closed. */
  room(): Promise<void> | undefined {
    if (this.closed || !this.isFull) return undefined;
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Takes out the frames whose tag matches, in their order. */
  remove(matches: (tag: Tag) => boolean): Removed[] {
    const removed: Removed[] = [];
    const frames: (Uint8Array | string)[] = [];
    const tags: (Tag | undefined)[] = [];
    this.frames.forEach((frame, index) => {
      const tag = this.tags[index];
      if (tag && matches(tag)) {
        removed.push({ tag, frame });
        this.bytes -= frame.length;
        return;
      }
      frames.push(frame);
      tags.push(tag);
    });
    this.frames = frames;
    this.tags = tags;
    return removed;
  }

  /** Whose entries take the most room here. */
  heaviest(): object | undefined {
    const weights = new Map<object, number>();
    this.frames.forEach((frame, index) => {
      const tag = this.tags[index];
      if (tag?.kind === 'ops') weights.set(tag.owner, (weights.get(tag.owner) ?? 0) + frame.length);
    });
    let found: object | undefined;
    for (const [owner, weight] of weights) {
      if (found === undefined || weight > (weights.get(found) ?? 0)) found = owner;
    }
    return found;
  }

  flush(): void {
    if (this.closed) return;
    while (this.frames.length > 0 && this.socket.bufferedBytes < this.limits.socket_bytes) {
      if (this.schedule.isSpent) {
        this.schedule.later(this);
        return;
      }
      this.writeSome();
    }
    if (this.frames.length > 0) this.blocked();
    else this.unblocked();
  }

  tick(): boolean {
    if (this.closed) return false;
    this.hurried = 0;
    if (this.frames.length === 0 && !this.congested) {
      this.scheduled = false;
      return false;
    }
    this.flush();
    return true;
  }

  /** Everything at once, whatever the socket thinks of it; for the last words before a close. */
  finish(): void {
    while (!this.closed && this.frames.length > 0) this.writeSome();
    this.close();
  }

  /** Forgets what is queued. */
  close(): void {
    this.closed = true;
    this.frames = [];
    this.tags = [];
    this.bytes = 0;
    this.wake();
  }

  /** @param hurries writes that need not wait for the tick, at least; never past something that waits */
  private queue(frame: Uint8Array | string, tag: Tag | undefined, hurries: number): void {
    if (this.closed) return;
    const isFirst = this.frames.push(frame) === 1;
    this.tags.push(tag);
    this.bytes += frame.length;
    if (!this.scheduled) {
      this.scheduled = true;
      this.schedule.soon(this);
    } else if (isFirst && !this.congested && this.hurried < Math.max(hurries, this.schedule.spareWrites)) {
      this.hurried += 1;
      this.schedule.again(this);
    }
  }

  private writeSome(): void {
    const { length } = this.frames;
    const count = this.bytes <= this.limits.write_bytes ? length : this.countForOneWrite();
    const batch = count === length ? this.frames : this.frames.splice(0, count);
    const { joiner } = this.schedule;
    const message =
      this.format === 'cbor' ? joiner.joinCbor(batch as Uint8Array[]) : joiner.joinJson(batch as string[]);
    if (count === length) {
      this.frames.length = 0;
      this.tags.length = 0;
      this.bytes = 0;
    } else {
      this.tags.splice(0, count);
      for (const frame of batch) this.bytes -= frame.length;
    }
    this.schedule.spend(message.length);
    this.socket.send(message);
    this.events.wrote(message.length, count);
  }

  private countForOneWrite(): number {
    let bytes = 0;
    let count = 0;
    for (const frame of this.frames) {
      bytes += frame.length;
      if (count > 0 && bytes > this.limits.write_bytes) break;
      count += 1;
    }
    return count;
  }

  private blocked(): void {
    const now = this.clock.monotonic();
    const buffered = this.socket.bufferedBytes;
    if (this.congestedSince === undefined || buffered < this.lastBuffered) this.congestedSince = now;
    this.lastBuffered = buffered;
    if (now - this.congestedSince >= this.limits.stuck_ms) this.events.stuck();
    else if (this.bytes > this.limits.outbox_bytes) this.events.overflow();
  }

  private unblocked(): void {
    if (this.congestedSince !== undefined) {
      this.congestedSince = undefined;
      this.events.recovered();
    }
    this.wake();
  }

  private wake(): void {
    if (this.waiting.length === 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const resume of waiting) resume();
  }
}
