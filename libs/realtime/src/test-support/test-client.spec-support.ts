import {
  type BraneId,
  type BraneMeta,
  type ClientOp,
  type Epoch,
  type OpId,
  Scene,
  type SceneObject,
} from '@state-server/domain';
import {
  type ClientFrame,
  encodeFrame,
  parseServerFrame,
  type ServerFrame,
  type ServerFrameType,
  splitFrames,
  type WireFormat,
} from '@state-server/protocol';
import type { RecordingSocket } from '@state-server/testing';
import type { Connection } from '../ports';

export type FrameOf<Type extends ServerFrameType> = Extract<ServerFrame, { type: Type }>;

/** What a client has made of the frames of one brane; anything out of order is a fault of the server. */
export interface View {
  scene: Scene | undefined;
  epoch: Epoch | undefined;
  seq: number;
  synced: boolean;
  /** Objects and meta of a snapshot that is coming in. */
  loading: { meta: BraneMeta; epoch: Epoch; seq: number; objects: SceneObject[] } | undefined;
}

/** A client of the engine that believes nothing: it notes holes, doubles, acks before their ops, words after `brane.left`. */
export class TestClient {
  private readonly taken: ServerFrame[] = [];
  readonly faults: string[] = [];
  readonly views = new Map<BraneId, View>();
  private readonly clientSeqs = new Map<BraneId, number>();
  private readonly left = new Set<BraneId>();
  private read = 0;

  constructor(
    readonly socket: RecordingSocket,
    readonly connection: Connection,
    readonly format: WireFormat,
    private readonly uuid: () => string,
  ) {}

  send(frame: ClientFrame): void {
    if (frame.type === 'brane.join') this.left.delete(frame.brane_id);
    this.connection.message(encodeFrame(frame, this.format));
  }

  /** Whatever it is, in this client's format. */
  sendValue(value: unknown): void {
    this.send(value as ClientFrame);
  }

  /** Takes in what the server has written since the last call. */
  receive(): void {
    for (; this.read < this.socket.sent.length; this.read += 1) {
      const message = this.socket.sent[this.read];
      if (message === undefined) continue;
      for (const value of splitFrames(message)) this.take(parseServerFrame(value));
    }
  }

  get frames(): readonly ServerFrame[] {
    this.receive();
    return this.taken;
  }

  all<Type extends ServerFrameType>(type: Type): FrameOf<Type>[] {
    return this.frames.filter((frame): frame is FrameOf<Type> => frame.type === type);
  }

  last<Type extends ServerFrameType>(type: Type): FrameOf<Type> | undefined {
    return this.all(type).at(-1);
  }

  errors(): string[] {
    return this.all('system.error').map((frame) => frame.code);
  }

  view(braneId: BraneId): View {
    this.receive();
    return this.viewOf(braneId);
  }

  /** Numbers an edit as the SDK does (SYNC I3). */
  edit(
    braneId: BraneId,
    ops: readonly ClientOp[],
    extra: { id?: string; op_id?: OpId; again?: boolean; clientSeq?: number } = {},
  ): OpId {
    const op_id = extra.op_id ?? (this.uuid() as OpId);
    this.send({
      type: 'brane.edit',
      brane_id: braneId,
      op_id,
      client_seq: extra.clientSeq ?? this.nextClientSeq(braneId),
      ops: [...ops],
      ...(extra.id === undefined ? {} : { id: extra.id }),
      ...(extra.again === undefined ? {} : { again: extra.again }),
    });
    return op_id;
  }

  nextClientSeq(braneId: BraneId): number {
    const next = (this.clientSeqs.get(braneId) ?? 0) + 1;
    this.clientSeqs.set(braneId, next);
    return next;
  }

  private take(frame: ServerFrame): void {
    this.taken.push(frame);
    const braneId = 'brane_id' in frame && frame.type !== 'system.error' ? frame.brane_id : undefined;
    if (braneId && this.left.has(braneId) && frame.type !== 'brane.ack') {
      this.faults.push(`${frame.type} after brane.left`);
    }
    switch (frame.type) {
      case 'brane.joined':
        this.joined(frame);
        return;
      case 'brane.snapshot':
        this.snapshot(frame);
        return;
      case 'brane.ops':
        this.ops(frame);
        return;
      case 'brane.synced':
        this.synced(frame);
        return;
      case 'brane.ack':
        this.acked(frame);
        return;
      case 'brane.left':
        this.left.add(frame.brane_id);
        this.views.delete(frame.brane_id);
        return;
      default:
    }
  }

  private joined(frame: FrameOf<'brane.joined'>): void {
    const view = this.viewOf(frame.brane_id);
    view.synced = false;
    if (frame.mode === 'replay') return;
    view.loading = { meta: frame.meta, epoch: frame.epoch, seq: frame.seq, objects: [] };
  }

  private snapshot(frame: FrameOf<'brane.snapshot'>): void {
    const { loading } = this.viewOf(frame.brane_id);
    if (!loading) this.faults.push('a snapshot that nobody announced');
    else if (loading.seq !== frame.seq || loading.epoch !== frame.epoch)
      this.faults.push('a part of another snapshot');
    else loading.objects.push(...frame.objects);
  }

  private ops(frame: FrameOf<'brane.ops'>): void {
    const view = this.viewOf(frame.brane_id);
    this.load(view);
    if (frame.epoch !== view.epoch) this.faults.push(`an entry of epoch ${frame.epoch}`);
    if (frame.seq !== view.seq + 1) this.faults.push(`seq ${frame.seq} after ${view.seq}`);
    const result = view.scene?.applyAll(frame.ops, { seq: frame.seq, at: frame.at, actor: frame.actor });
    if (result?.ok === false) this.faults.push(`seq ${frame.seq}: ${result.refusal.code}`);
    view.seq = frame.seq;
  }

  private synced(frame: FrameOf<'brane.synced'>): void {
    const view = this.viewOf(frame.brane_id);
    this.load(view);
    if (frame.seq !== view.seq || frame.epoch !== view.epoch)
      this.faults.push(`synced at ${frame.seq}, have ${view.seq}`);
    view.synced = true;
  }

  private acked(frame: FrameOf<'brane.ack'>): void {
    const view = this.views.get(frame.brane_id);
    if (view && frame.epoch === view.epoch && frame.seq > view.seq)
      this.faults.push(`ack ${frame.seq} before its ops`);
  }

  private load(view: View): void {
    const { loading } = view;
    if (!loading) return;
    view.loading = undefined;
    view.scene = new Scene(loading.meta, loading.objects);
    view.epoch = loading.epoch;
    view.seq = loading.seq;
  }

  private viewOf(braneId: BraneId): View {
    const present = this.views.get(braneId);
    if (present) return present;
    const view: View = { scene: undefined, epoch: undefined, seq: 0, synced: false, loading: undefined };
    this.views.set(braneId, view);
    return view;
  }
}
