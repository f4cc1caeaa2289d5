import {
  asEpoch,
  asObjectId,
  type BraneMeta,
  type Inverse,
  type ObjectId,
  type Op,
  type OpId,
  resolveEdit,
  resolveUndo,
  Scene,
  type SceneObject,
  type UserId,
  WorkingCopy,
} from '@state-server/domain';
import {
  type ClientFrame,
  fail,
  fromRefusal,
  type ServerFrame,
  type StateError,
  toSystemError,
} from '@state-server/protocol';
import { LiveBrane } from './live-brane';
import type { FakeEnvironment, WorldBuilder } from '@state-server/testing';

type OpsFrame = Extract<ServerFrame, { type: 'brane.ops' }>;
type EditFrame = Extract<ClientFrame, { type: 'brane.edit' | 'brane.undo' | 'brane.redo' }>;

interface Entry {
  readonly frame: OpsFrame;
  readonly inverses: readonly Inverse[];
}

/** One client's line to the mini server: what is on its way in both directions waits until the test lets it go. */
export interface Line {
  readonly brane: LiveBrane;
  readonly user: UserId;
  readonly toServer: ClientFrame[];
  readonly toClient: ServerFrame[];
}

/**
 * The server's side of one brane with the real rules and none of the machinery: a scene, a log, and lines that deliver
 * when they are told to. What the SDK does can be looked at step by step.
 */
export class MiniServer {
  readonly lines: Line[] = [];
  readonly log: Entry[] = [];
  readonly scene: Scene;
  epoch = asEpoch('epoch-1');
  /** Refuses the next edit with this error. */
  refuseNext: StateError | undefined;
  /** Refuses every edit with this error, until it is taken away. */
  refuseAll: StateError | undefined;
  private readonly answered = new Map<OpId, number>();
  private readonly joined = new Set<Line>();

  constructor(
    private readonly world: WorldBuilder,
    private readonly environment: FakeEnvironment,
  ) {
    this.scene = new Scene(world.meta(), [world.root()]);
  }

  get meta(): BraneMeta {
    return this.scene.meta;
  }

  connect(user: UserId = this.world.owner): Line {
    const toServer: ClientFrame[] = [];
    const brane = new LiveBrane({
      braneId: this.world.braneId,
      user,
      environment: this.environment,
      send: (frame) => {
        toServer.push(frame);
        return true;
      },
      onLeave: () => undefined,
    });
    const line: Line = { brane, user, toServer, toClient: [] };
    this.lines.push(line);
    brane.sessionOpened();
    return line;
  }

  /** The line breaks: what was on its way is lost. */
  cut(line: Line): void {
    line.toServer.length = 0;
    line.toClient.length = 0;
    this.joined.delete(line);
    line.brane.sessionLost();
  }

  restore(line: Line): void {
    line.brane.sessionOpened();
  }

  /** Delivers until nothing is on its way. */
  flush(): void {
    for (let busy = true; busy;) {
      busy = false;
      for (const line of this.lines) busy = this.serve(line) || this.deliver(line) || busy;
    }
  }

  /** Lets the server see what this client has sent. */
  serve(line: Line): boolean {
    const frames = line.toServer.splice(0);
    for (const frame of frames) this.handle(line, frame);
    return frames.length > 0;
  }

  /** Lets this client see what the server has sent. */
  deliver(line: Line, count = Number.POSITIVE_INFINITY): boolean {
    const frames = line.toClient.splice(0, Math.min(count, line.toClient.length));
    for (const frame of frames) {
      if (frame.type === 'system.error') this.deliverError(line, frame);
      else line.brane.receive(frame);
    }
    return frames.length > 0;
  }

  objects(): SceneObject[] {
    return [...this.scene.objects()];
  }

  private deliverError(line: Line, frame: Extract<ServerFrame, { type: 'system.error' }>): void {
    const wait = frame.retry_after_ms === undefined ? {} : { retryAfterMs: frame.retry_after_ms };
    line.brane.refused(fail(frame.code as never, frame.details, frame.message, wait), frame.op_id as OpId);
  }

  private handle(line: Line, frame: ClientFrame): void {
    switch (frame.type) {
      case 'brane.join':
        this.join(line, frame);
        return;
      case 'brane.leave':
        this.joined.delete(line);
        return;
      case 'brane.edit':
      case 'brane.undo':
      case 'brane.redo':
        this.mutate(line, frame);
        return;
      default:
    }
  }

  private join(line: Line, frame: Extract<ClientFrame, { type: 'brane.join' }>): void {
    const brane_id = this.world.braneId;
    const { epoch } = this;
    const seq = this.log.length;
    const after = frame.after?.epoch === epoch && frame.after.seq <= seq ? frame.after.seq : undefined;
    const committed = (frame.pending ?? []).filter((opId) => this.answered.has(opId));
    const head = { brane_id, epoch, seq };
    const joined = { type: 'brane.joined', ...head, role: 'editor', committed, meta: this.meta } as const;
    if (after !== undefined) {
      line.toClient.push({ ...joined, mode: 'replay' });
      line.toClient.push(...this.log.slice(after).map((entry) => entry.frame));
    } else {
      const objects = this.objects();
      const half = Math.ceil(objects.length / 2);
      line.toClient.push({ ...joined, mode: 'snapshot' });
      line.toClient.push({ type: 'brane.snapshot', ...head, part: 0, objects: objects.slice(0, half) });
      line.toClient.push({ type: 'brane.snapshot', ...head, part: 1, objects: objects.slice(half) });
    }
    line.toClient.push({ type: 'brane.synced', ...head });
    this.joined.add(line);
  }

  private mutate(line: Line, frame: EditFrame): void {
    const known = this.answered.get(frame.op_id);
    if (known !== undefined) {
      line.toClient.push(this.ack(frame, known));
      return;
    }
    const refusal = this.refuseAll ?? this.refuseNext ?? this.commit(line, frame);
    this.refuseNext = undefined;
    if (refusal) line.toClient.push(toSystemError(refusal, { brane_id: frame.brane_id, op_id: frame.op_id }));
    else line.toClient.push(this.ack(frame, this.log.length));
  }

  private commit(line: Line, frame: EditFrame): StateError | undefined {
    const seq = this.log.length + 1;
    const at = new Date(this.environment.clock.now()).toISOString();
    const context = { seq, at, actor: line.user };
    const copy = new WorkingCopy(this.scene);
    const newId = (): ObjectId => asObjectId(this.environment.ids.uuid());
    const target = frame.type === 'brane.edit' ? undefined : this.find(frame.target_op_id);
    if (frame.type !== 'brane.edit' && !target) return fail('undo.nothing');
    const result =
      frame.type === 'brane.edit'
        ? resolveEdit(copy, frame.ops, context, { newId })
        : resolveUndo(copy, target?.inverses ?? [], context, { seq: target?.frame.seq ?? 0 });
    if (!result.ok) return fromRefusal(result.refusal);
    this.append(result.value.ops, result.value.inverses, context, frame.op_id);
    return undefined;
  }

  private append(
    ops: readonly Op[],
    inverses: readonly Inverse[],
    context: { seq: number; at: string; actor: UserId },
    opId: OpId,
  ): void {
    const applied = this.scene.applyAll(ops, context);
    if (!applied.ok) throw fromRefusal(applied.refusal);
    const { seq, at, actor } = context;
    const frame: OpsFrame = {
      type: 'brane.ops',
      brane_id: this.world.braneId,
      epoch: this.epoch,
      seq,
      op_id: opId,
      actor,
      at,
      ops,
    };
    this.log.push({ frame, inverses });
    this.answered.set(opId, seq);
    for (const line of this.joined) line.toClient.push(frame);
  }

  private find(opId: OpId | undefined): Entry | undefined {
    return this.log.find((entry) => entry.frame.op_id === opId);
  }

  private ack(frame: EditFrame, seq: number): ServerFrame {
    return { type: 'brane.ack', brane_id: frame.brane_id, op_id: frame.op_id, epoch: this.epoch, seq };
  }
}
