import type { BraneId, UserId } from '@state-server/domain';
import {
  type ClientFrame,
  decodeFrame,
  isErrorCode,
  type ServerFrame,
  splitFrames,
} from '@state-server/protocol';
import { decodeBraneMessages } from '@state-server/commit';
import { channels } from '@state-server/messaging-port';
import type { Coverage } from '../coverage';
import type { Report } from '../kernel/violation';
import type { SocketWatch as Watch, Wire } from '../world/network';
import type { Message } from '../world/pipe';
import type { StoreWatch } from './store-watch';

type BraneFrame = Extract<ServerFrame, { brane_id: BraneId }>;
type FrameOf<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>;

/** What one connection was sent of one brane. */
interface Sent {
  /** Undefined: between `brane.joined` and the first that tells where he stands. */
  seq: number | undefined;
  /** The snapshot that is coming in. */
  loading: number | undefined;
  synced: boolean;
  /** Told that he is out, when the log stood here. */
  leftAt: number | undefined;
  /** Acknowledged without its entry: only right before he is put out (SYNC R4, L6). */
  ahead: string | undefined;
}

/** No `brane.leave` of the SDK is longer. */
const LEAVE_BYTES = 100;
const BRANE_CHANNEL = channels.brane('');

/**
 * Reads every message that a gateway writes to a socket, and every one on the bus, at the moment it leaves. It takes the place
 * of a client that believes nothing.
 */
export class SocketWatch implements Watch {
  private readonly sentOf = new Map<Wire, Map<BraneId, Sent>>();
  /** Gateways share messages: each is read once. */
  private last: { readonly message: Message; readonly frames: readonly ServerFrame[] } | undefined;

  constructor(
    private readonly store: StoreWatch,
    private readonly userOf: (wire: Wire) => UserId | undefined,
    private readonly coverage: Coverage,
    private readonly report: Report,
  ) {}

  opened(wire: Wire): void {
    this.sentOf.set(wire, new Map());
  }

  sent(wire: Wire, message: Message): void {
    if (this.last?.message !== message) {
      this.last = { message, frames: splitFrames(message) as ServerFrame[] };
    }
    for (const frame of this.last.frames) this.frame(wire, frame);
  }

  /** Of what clients send only one thing matters here: that somebody leaves of his own will. */
  received(wire: Wire, message: Message): void {
    if (says(message, AGAIN)) this.coverage.count('resent');
    if (message.length > LEAVE_BYTES) return;
    const frame = decodeFrame(message) as Partial<ClientFrame>;
    if (frame.type === 'brane.leave' && frame.brane_id) this.sentOf.get(wire)?.delete(frame.brane_id);
  }

  /** A message on the bus. */
  published(channel: string, payload: Uint8Array): void {
    if (!channel.startsWith(BRANE_CHANNEL)) return;
    const log = this.store.log(channel.slice(BRANE_CHANNEL.length));
    for (const { epoch, seq, frame } of decodeBraneMessages(payload)) {
      const entry = log?.entry(seq);
      if (entry && epoch === log?.head?.epoch && sameBytes(entry.frame, frame)) continue;
      this.report('SIM-4', `${channel} ${seq} is on the bus and not durable`);
    }
  }

  private frame(wire: Wire, frame: ServerFrame): void {
    if (frame.type === 'system.error') {
      if (!isErrorCode(frame.code)) this.report('SIM-13', `an error that is in no table: ${frame.code}`);
      return;
    }
    if (!('brane_id' in frame)) return;
    const ofWire = this.sentOf.get(wire);
    if (!ofWire) return;
    let sent = ofWire.get(frame.brane_id);
    if (!sent) {
      sent = { seq: undefined, loading: undefined, synced: false, leftAt: undefined, ahead: undefined };
      ofWire.set(frame.brane_id, sent);
    }
    const user = this.userOf(wire);
    if (user === undefined) return;
    this.ofBrane(frame, sent, { user, where: `wire ${wire.id} to ${wire.client.name}, ${frame.type}` });
  }

  private ofBrane(
    frame: BraneFrame,
    sent: Sent,
    to: { readonly user: UserId; readonly where: string },
  ): void {
    if (sent.leftAt !== undefined && frame.type !== 'brane.joined' && frame.type !== 'brane.ack') {
      this.report('SIM-9', `${to.where}: after brane.left`);
    }
    if (sent.ahead !== undefined && frame.type !== 'brane.ack') {
      if (frame.type !== 'brane.left') this.report('SIM-3', sent.ahead);
      sent.ahead = undefined;
    }
    switch (frame.type) {
      case 'brane.joined':
        return this.joined(frame, sent, to);
      case 'brane.snapshot':
        if (frame.seq !== sent.loading)
          this.report('SIM-3', `${to.where}: of a snapshot that nobody announced`);
        return;
      case 'brane.ops':
        return this.ops(frame, sent, to);
      case 'brane.synced':
        return this.synced(frame, sent, to);
      case 'brane.ack':
        return this.ack(frame, sent, to);
      case 'brane.left':
        sent.leftAt = this.store.seq(frame.brane_id);
        sent.synced = false;
        return;
      case 'presence.update':
        this.coverage.count('presence_seen');
        return;
      default:
    }
  }

  private joined(frame: FrameOf<'brane.joined'>, sent: Sent, to: { user: UserId; where: string }): void {
    const log = this.store.log(frame.brane_id);
    if (!log || frame.seq > log.seq) return this.report('SIM-4', `${to.where} at ${frame.seq}: not durable`);
    for (const opId of frame.committed) {
      const seq = log.find(to.user, opId);
      if (seq === undefined || (frame.mode === 'snapshot' && seq > frame.seq)) {
        this.report('SIM-4', `${to.where}: says that ${opId} is committed at ${frame.seq}`);
      }
    }
    if (!log.wasVisible(to.user, sent.leftAt ?? frame.seq))
      this.report('SIM-9', `${to.where}: may not see it`);
    sent.leftAt = undefined;
    sent.synced = false;
    sent.seq = undefined;
    sent.loading = frame.mode === 'snapshot' ? frame.seq : undefined;
  }

  private ops(frame: FrameOf<'brane.ops'>, sent: Sent, to: { user: UserId; where: string }): void {
    const log = this.store.log(frame.brane_id);
    const entry = log?.entry(frame.seq);
    if (!log || !entry || entry.opId !== frame.op_id || log.head?.epoch !== frame.epoch) {
      return this.report('SIM-4', `${to.where} ${frame.seq}: not durable`);
    }
    const before = sent.seq ?? sent.loading;
    if (before !== undefined && frame.seq !== before + 1) {
      this.report('SIM-3', `${to.where} ${frame.seq} after ${before}`);
    }
    if (!log.wasVisible(to.user, frame.seq)) this.report('SIM-9', `${to.where} ${frame.seq}: may not see it`);
    sent.seq = frame.seq;
    sent.loading = undefined;
  }

  private synced(frame: FrameOf<'brane.synced'>, sent: Sent, to: { where: string }): void {
    const at = sent.seq ?? sent.loading;
    if (at !== undefined && at !== frame.seq)
      this.report('SIM-3', `${to.where} at ${frame.seq}, was sent ${at}`);
    if (frame.seq > this.store.seq(frame.brane_id))
      this.report('SIM-4', `${to.where} at ${frame.seq}: not durable`);
    sent.seq = frame.seq;
    sent.loading = undefined;
    sent.synced = true;
  }

  private ack(frame: FrameOf<'brane.ack'>, sent: Sent, to: { user: UserId; where: string }): void {
    const seq = this.store.log(frame.brane_id)?.find(to.user, frame.op_id);
    if (frame.skipped) this.coverage.count('undo_skipped');
    if (seq !== frame.seq) {
      this.report(
        'SIM-4',
        `${to.where} of ${frame.op_id} at ${frame.seq}: the log has it at ${seq ?? 'no place'}`,
      );
    }
    // The author is sent the entry before or with the ack (SYNC R4).
    if (sent.leftAt === undefined && sent.synced && (sent.seq ?? 0) < frame.seq) {
      sent.ahead = `${to.where}: acknowledged at ${frame.seq}, was sent ${sent.seq ?? 0}`;
    }
  }
}

const AGAIN = 'again';

/** Whether the text stands somewhere in it, in plain letters in either format. */
function says(message: Message, text: string): boolean {
  if (typeof message === 'string') return message.includes(`"${text}"`);
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength).includes(text);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}
